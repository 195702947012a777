"""The import page: drop files, see what was understood, store all or nothing, undo."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from merchants.accounts.selection import choose_account
from merchants.imports.forms import ImportForm
from merchants.imports.storing import import_files, list_imports, preview_file, undo_import
from merchants.models import Account, ImportFile


def find_account(request: HttpRequest) -> Account:
    """The chosen account; a 404 where there is none."""
    account = choose_account(request)
    if account is None:
        raise Http404("there is no account yet; connect one first")
    return account


@login_required
def imports(request: HttpRequest) -> HttpResponse:
    """Upload on POST; the page with its history on GET."""
    account = choose_account(request)
    if account is None:
        return redirect("welcome")
    form = ImportForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        return _store(request, account, form)
    history = list_imports(cast(User, request.user)).filter(account=account).select_related("imported_by")
    facts = {
        "account": account,
        "form": form,
        "page": Paginator(history, 20).get_page(request.GET.get("page")),
    }
    return render(request, "merchants/imports/imports.html", facts)


@login_required
@require_POST
def preview(request: HttpRequest) -> HttpResponse:
    """What files would bring: days, rows, sums and problems; nothing is stored."""
    account = find_account(request)
    form = ImportForm(request.POST, request.FILES)
    results = (
        [preview_file(account, *upload, form.answers) for upload in form.uploads] if form.is_valid() else []
    )
    is_good = bool(results) and not any(result.is_refused for result in results)
    facts = {"account": account, "form": form, "results": results, "is_good": is_good}
    return render(request, "merchants/imports/_preview.html", facts)


@login_required
@require_POST
def undo(request: HttpRequest, import_id: int) -> HttpResponse:
    """Take a file's figures back."""
    try:
        file = undo_import(cast(User, request.user), import_id)
    except ImportFile.DoesNotExist:
        raise Http404("this import is none of yours") from None
    messages.success(request, _("%(name)s is undone; earlier figures count again.") % {"name": file.name})
    return redirect("imports")


def _store(request: HttpRequest, account: Account, form: ImportForm) -> HttpResponse:
    results = import_files(account, cast(User, request.user), form.uploads, form.answers)
    if any(result.is_refused for result in results):
        facts = {"account": account, "form": form, "results": results, "is_refused": True}
        return render(request, "merchants/imports/imports.html", facts, status=422)
    stored = sum(not result.was_known for result in results)
    messages.success(
        request,
        ngettext("%(count)d file is imported.", "%(count)d files are imported.", stored) % {"count": stored},
    )
    return redirect("imports")
