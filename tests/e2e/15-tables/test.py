"""Lookup tables of each type in a running suite: text tables come with the configuration, files are opened by the confined
router, which notices when one is built anew."""

import os
import pathlib
import sqlite3
import subprocess

import waiting
from house_test import HouseTest, main
from instance import Instance


class Tables(HouseTest):
    @classmethod
    def prepare(cls):
        cls.ours = cls.use(Instance('tables'))
        cls.etc = cls.ours.folder / 'etc'
        cls.alice = cls.ours.account(0)['address']
        cls.build('first')
        (cls.etc / 'text').write_text(f'text@v.test {cls.alice}\n')
        (cls.etc / 'patterns').write_text(f'/^any-[a-z]+@v\\.test$/ {cls.alice}\n')
        (cls.etc / 'clients').write_text('127.0.0.9 REJECT not you\n0.0.0.0/0 DUNNO\n')
        (cls.etc / 'query').write_text(f'dbpath = {cls.etc}/rows.db\nquery = SELECT goto FROM alias WHERE address = \'%s\'\n')
        with sqlite3.connect(cls.etc / 'rows.db') as rows:
            rows.execute('CREATE TABLE alias (address TEXT, goto TEXT)')
            rows.execute('INSERT INTO alias VALUES (?, ?)', ('row@v.test', cls.alice))
        etc = cls.etc
        cls.ours.restart(virtual_alias_domains='v.test',
                         virtual_alias_maps=f'hash:{etc}/built, texthash:{etc}/text, sqlite:{etc}/query, regexp:{etc}/patterns',
                         smtpd_client_restrictions=f'check_client_access cidr:{etc}/clients')

    @classmethod
    def build(cls, name):
        (cls.etc / 'built').write_text(f'{name}@v.test {cls.alice}\n')
        ekimap = pathlib.Path(cls.ours.facts['commands']['ekiden'][0]).parent / 'ekimap'
        subprocess.run([ekimap, f'hash:{cls.etc}/built'], check=True, timeout=30,
                       env={**os.environ, 'MAIL_CONFIG': str(cls.etc)})

    def recipient(self, local, source=None):
        """The code of the reply to RCPT."""
        with self.ours.smtp(source=source) as client:
            client.command('MAIL FROM:<x@elsewhere.test>')
            return client.command(f'RCPT TO:<{local}@v.test>')[0]

    def test_every_type_answers(self):
        for local, code in (('first', 250), ('text', 250), ('row', 250), ('any-thing', 250), ('nobody', 550),
                            ('any-thing2', 550)):
            with self.subTest(local=local):
                self.assertEqual(self.recipient(local), code)

    def test_clients_by_network(self):
        self.assertEqual(self.recipient('text', source='127.0.0.9'), 554)

    def test_a_table_that_is_built_anew_needs_no_reload(self):
        self.build('second')
        waiting.until(lambda: self.recipient('second') == 250 and self.recipient('first') == 550, 'the new entries', 30)
        self.build('first')
        waiting.until(lambda: self.recipient('first') == 250 and self.recipient('second') == 550, 'the old ones again', 30)

    def test_rows_that_are_added_are_found(self):
        with sqlite3.connect(self.etc / 'rows.db') as rows:
            rows.execute('INSERT INTO alias VALUES (?, ?)', ('late@v.test', self.alice))
        waiting.until(lambda: self.recipient('late') == 250, 'the new row', 30)


main(Tables)
