"""What people say of themselves, their names and pictures."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from apps.accounts.forms import ProfileForm, UsernameForm
from apps.accounts.models import Avatar, User
from apps.accounts.services.profile import change_profile
from apps.accounts.services.usernames import change_username, check_may_change
from apps.core.limits import is_allowed

# Pictures of one person: some tries until one looks right; the largest keep a web process busy for half a second.
AVATAR_LIMIT = "10/hour"


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def change(request: HttpRequest) -> HttpResponse:
    """The profile's form; with `preview` in what is sent it shows how the text will look, and saves nothing."""
    # A row of its own: the form writes on it, and the page's header shall show what is saved.
    person = User.objects.get(pk=request.user.pk)
    if request.method != "POST":
        return render(request, "accounts/profile.html", {"form": ProfileForm(instance=person)})
    is_too_often = bool(request.FILES) and not is_allowed("avatar", str(person.pk), AVATAR_LIMIT)
    form = ProfileForm(request.POST, None if is_too_often else request.FILES, instance=person)
    is_valid = form.is_valid() and not is_too_often
    if is_too_often:
        form.add_error("avatar", "You have sent many pictures within the hour. Please try again later.")
    if is_valid and "preview" not in request.POST:
        change_profile(
            person=person,
            image=form.cleaned_data["avatar"],
            without_avatar=form.cleaned_data["without_avatar"],
        )
        messages.success(request, "Your profile is saved.")
        return redirect("accounts:profile")
    preview = form.cleaned_data.get("bio", "") if "preview" in request.POST else ""
    context = {"form": form, "preview": preview}
    status = 429 if is_too_often else 200 if is_valid else 422
    return render(request, "accounts/profile.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def username(request: HttpRequest) -> HttpResponse:
    person = User.objects.get(pk=request.user.pk)
    form = UsernameForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            change_username(person=person, username=form.cleaned_data["username"])
        except ValidationError as error:
            form.add_error("username", error)
        else:
            messages.success(request, f"You are @{person.username} now.")
            return redirect("accounts:username")
    try:
        check_may_change(person)
        too_soon = ""
    except ValidationError as error:
        too_soon = error.messages[0]
    context = {"form": form, "too_soon": too_soon, "former": person.former_usernames.all()}
    return render(request, "accounts/username.html", context, status=422 if form.errors else 200)


@require_safe
def avatar(request: HttpRequest, pk: int, digest: str) -> HttpResponse:
    """A person's picture. Another one has another address, so that browsers and caches keep each for good."""
    people = Avatar.objects.filter(person=pk, person__avatar_digest=digest, person__is_active=True)
    image = people.values_list("image", flat=True).first()
    if image is None:
        raise Http404("There is no such picture.")
    response = HttpResponse(bytes(image), content_type="image/webp")
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    response["X-Content-Type-Options"] = "nosniff"
    return response
