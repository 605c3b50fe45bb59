from django.contrib import admin

from apps.github.models import Repository, StarReading


@admin.register(Repository)
class RepositoryAdmin(admin.ModelAdmin[Repository]):
    list_display = ("full_name", "stars", "forks", "figures_on", "figures_source", "latest_release")
    list_filter = ("figures_source", ("figures_on", admin.EmptyFieldListFilter))
    search_fields = ("full_name",)
    date_hierarchy = "figures_on"


@admin.register(StarReading)
class StarReadingAdmin(admin.ModelAdmin[StarReading]):
    list_display = ("repository", "date", "stars", "forks", "source")
    list_select_related = ("repository",)
    list_filter = ("source",)
    search_fields = ("repository__full_name",)
    autocomplete_fields = ("repository",)
    show_full_result_count = False
