"""./dev instance, for people and programs that want a private mail server: what `info` prints is a promise."""

import json
import os
import subprocess

import waiting
from house_test import HouseTest, main
from instance import ROOT, Instance

PORTS = {'smtp', 'smtp_alt', 'submission', 'submissions', 'pop3', 'pop3s'}
PATHS = {'config', 'spool', 'mail', 'log', 'state'}
COMMANDS = {'add_account', 'mailq', 'flush', 'ekiconf', 'ekipop', 'sendmail'}


class PrivateInstance(HouseTest):
    @classmethod
    def prepare(cls):
        cls.ours = cls.use(Instance('private'))
        done = subprocess.run([ROOT / 'dev', 'instance', 'info', cls.ours.folder], capture_output=True, text=True,
                              timeout=60, check=True)
        cls.info = json.loads(done.stdout)

    def test_the_keys(self):
        self.assertLessEqual({'ports', 'processes', 'paths', 'domain', 'accounts', 'commands'}, set(self.info))
        self.assertEqual(set(self.info['ports']), PORTS)
        self.assertLessEqual(PATHS, set(self.info['paths']))
        self.assertLessEqual(COMMANDS, set(self.info['commands']))
        self.assertEqual(self.info['domain'], 'example.test')
        for row in self.info['processes']:
            self.assertEqual(set(row), {'name', 'pid', 'user'})
        for account in self.info['accounts']:
            self.assertEqual(set(account), {'user', 'address', 'password'})
        self.assertTrue(self.info['processes'] and self.info['accounts'])

    def test_what_they_say_is_true(self):
        for name, path in self.info['paths'].items():
            self.assertTrue(os.path.exists(path), f'{name}: {path}')
        for row in self.info['processes']:
            os.kill(row['pid'], 0)
        for name in self.info['ports']:
            implicit = name in ('submissions', 'pop3s')
            talk = self.ours.pop3 if name.startswith('pop3') else self.ours.smtp
            with talk(name, tls=implicit) as client:
                client.quit()
        for account in self.info['accounts']:
            with self.ours.pop3() as client:
                self.assertTrue(client.login(account['user'], account['password']).startswith('+OK'))

    def test_the_commands_work(self):
        commands = self.info['commands']
        self.assertIn('{address}', commands['add_account'])
        self.ours.add_account('carol@example.test', 'secret')
        with self.ours.pop3() as client:
            self.assertTrue(client.login('carol@example.test', 'secret').startswith('+OK'))
        self.assertIn('carol@example.test', self.ours.command('ekipop', 'list'))
        self.assertIn('empty', self.ours.command('mailq').lower())
        self.ours.command('flush')
        self.assertIn(f'myhostname = mail.{self.info["domain"]}', self.ours.command('ekiconf', '-n'))
        self.ours.command('sendmail', 'carol@example.test', text='Subject: by sendmail\n\nx\n')
        waiting.until(lambda: any(b'Subject: by sendmail' in content for content in
                                  self.ours.messages('carol@example.test')), 'it arrives')


main(PrivateInstance)
