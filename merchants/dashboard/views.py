"""The overview: where an account stands."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from merchants.accounts.selection import choose_account


@login_required
def overview(request: HttpRequest) -> HttpResponse:
    """The position of the chosen account."""
    return render(request, "merchants/dashboard/overview.html", {"account": choose_account(request)})
