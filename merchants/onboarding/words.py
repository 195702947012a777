"""Words of the log-in pages that come from allauth, in the languages that it does not ship.

Nothing reads this list: marked here, the words stand in our catalogues, which Django asks before allauth's.
"""

from django.utils.translation import gettext_lazy as _

ALLAUTH = (
    _("Email"),
    _("Email address"),
    _("Email Addresses"),
    _("Password"),
    _("Login"),
    _("Username or email"),
    _("Remember Me"),
    _("Forgot your password?"),
    _("Sign In"),
    _("Sign Out"),
    _("Password Reset"),
    _("Reset My Password"),
    _("Change Password"),
    _("Current Password"),
    _("New Password"),
    _("New Password (again)"),
    _("Code"),
    _("Confirm"),
    _("Two-Factor Authentication"),
    _("Authenticator App"),
    _("Recovery Codes"),
    _("Activate"),
    _("Deactivate"),
    _("The email address and/or password you specified are not correct."),
    _("The username and/or password you specified are not correct."),
    _("Incorrect code."),
)
