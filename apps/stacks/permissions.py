"""Who may do what with stacks and companies. Functions that raise `PermissionDenied` with words for the person."""
