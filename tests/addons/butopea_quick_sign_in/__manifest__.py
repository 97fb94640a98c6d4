{
    "name": "Butopea Quick Sign-in",
    "summary": "Passwords hashed with few rounds, so that tests do not wait for them",
    "version": "1.0.0",
    "category": "Technical",
    "author": "Butopea",
    "license": "LGPL-3",
    "depends": ["base"],
    "post_init_hook": "hash_known_passwords",
    "installable": True,
    "application": False,
}
