"""What this app tells those below it of itself, once all models are there: imported by `AppConfig.ready`."""
