"""tachyon-api under any WSGI server."""

import json
import os
import subprocess
import sys
import textwrap

from tests import base


class TestApplication(base.TestCase):

    def run_code(self, code, **environment):
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", textwrap.dedent(code)],
            capture_output=True, text=True, timeout=120,
            env={**os.environ, "HOME": self.state_path, **environment})
        self.assertEqual(0, done.returncode, done.stderr)
        return json.loads(done.stdout)

    def write(self, name, text):
        path = os.path.join(self.state_path, name)
        with open(path, "w") as file:
            file.write(text)
        return path

    def test_it_is_made_at_the_first_request_of_each_process(self):
        one = self.write("one.conf",
                         f"[DEFAULT]\nstate_path = {self.state_path}/s\n")
        two = self.write("two.conf", "[api]\nnoauth2_default_token = admin\n"
                         "[DEFAULT]\nservice_host = node7\n")
        found = self.run_code("""
            import json, os, time
            from werkzeug import test
            from tachyon.deploy import application

            def ask():
                client = test.Client(application)
                while True:
                    services = client.get("/api/v1/services").json["services"]
                    if services:
                        return [(body["host"], body["binary"], body["state"])
                                for body in services]
                    time.sleep(0.01)

            made_at_import = os.path.exists(os.environ["HOME"] + "/s")
            answers = [ask()]
            reader, writer = os.pipe()
            if os.fork() == 0:
                os.write(writer, json.dumps(ask()).encode())
                os._exit(0)
            answers.append(json.loads(os.read(reader, 10000)))
            application.close()
            application.close()
            print(json.dumps([made_at_import, answers]))
        """, OS_TACHYON_CONFIG_FILES=f"{one};{two}")
        self.assertEqual(
            [False, [[["node7", "tachyon-api", "up"]]] * 2], found)

    def test_a_directory_of_files(self):
        os.mkdir(os.path.join(self.state_path, "conf.d"))
        self.write("conf.d/x.conf",
                   f"[DEFAULT]\nstate_path = {self.state_path}/s\n"
                   "[api]\nmax_limit = 7\n")
        found = self.run_code("""
            import json
            from werkzeug import test
            from tachyon import conf
            from tachyon.deploy import application
            status = test.Client(application).get("/").status_code
            application.close()
            print(json.dumps([status, conf.CONF.api.max_limit]))
        """, OS_TACHYON_CONFIG_DIR=os.path.join(self.state_path, "conf.d"))
        self.assertEqual([200, 7], found)
