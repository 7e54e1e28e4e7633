"""Which of botocore's errors mean that a request surely never left. Knows no service.

botocore's `ConnectionError` does not mean it: `SSLError` also comes of a TLS fault after sending,
and `ProxyConnectionError` of a connection that breaks behind a proxy after sending, as urllib3
forgets that it was connected (its HTTPConnection.close, 2.8.0).
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
    """Whether there was no connection that the request could have left on."""
    return isinstance(error, NEVER_CONNECTED) or is_untrusted_certificate(error)


def never_sent(error: Exception) -> bool:
    """Whether the request surely never left."""
    return never_connected(error) or isinstance(error, NO_CREDENTIALS)


def is_untrusted_certificate(error: Exception) -> bool:
    """Whether TLS ended in the handshake, as the certificate is not valid."""
    if not isinstance(error, exceptions.SSLError):
        return False
    causes = getattr(error.kwargs.get("error"), "args", ())  # of urllib3's error: ssl's
    return any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes)
