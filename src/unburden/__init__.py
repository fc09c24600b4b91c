"""unburden designs clinical trials that ask less of patients."""
