"""Serves Keystone on ``host:port``, its one argument; run by its path.

A script of its own, since Keystone reads the arguments of its process.
"""

import sys

import waitress

if __name__ == "__main__":
    listen = sys.argv.pop()
    from keystone.wsgi import api
    waitress.serve(api.application, listen=listen)
