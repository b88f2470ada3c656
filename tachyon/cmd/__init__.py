"""The commands. Importing this package chooses oslo.service's backend.

It must come before oslo_messaging, oslo_versionedobjects.base or
oslo_service.service are imported anywhere: they would choose eventlet.
"""

from tachyon import backend

backend.choose()
