"""Classifies botocore's errors by whether the request was sent. Knows no service.

botocore's `ConnectionError` does not answer this: `SSLError` also covers TLS faults after sending,
and `ProxyConnectionError` also covers connections that break behind a proxy after sending, because
urllib3 forgets that it was connected (HTTPConnection.close, 2.8.0).
"""

import ssl

from botocore import exceptions

NEVER_CONNECTED = (exceptions.EndpointConnectionError, exceptions.ConnectTimeoutError)

# A request is signed before it is sent. Some runtimes' botocore is older than `LoginError`.
NO_CREDENTIALS = (
    exceptions.CredentialRetrievalError,
    exceptions.NoAuthTokenError,
    exceptions.NoCredentialsError,
    exceptions.PartialCredentialsError,
    exceptions.SSOError,
    exceptions.TokenRetrievalError,
    getattr(exceptions, "LoginError", exceptions.SSOError),
)


def never_connected(error: Exception) -> bool:
    """Whether no connection was made, so that the request cannot have been sent."""
    return isinstance(error, NEVER_CONNECTED) or is_untrusted_certificate(error)


def never_sent(error: Exception) -> bool:
    """Whether the request cannot have been sent."""
    return never_connected(error) or isinstance(error, NO_CREDENTIALS)


def is_untrusted_certificate(error: Exception) -> bool:
    """Whether the TLS handshake failed because the certificate is not valid."""
    if not isinstance(error, exceptions.SSLError):
        return False
    causes = getattr(error.kwargs.get("error"), "args", ())  # of urllib3's error: ssl's
    return any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes)
