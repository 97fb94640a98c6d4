from . import models
from .hooks import hash_known_passwords
