"""Who a client is and how much it may ask for: names confirmed by a forward lookup at a real name server, and the limits
by client that authd counts over all workers. Each case comes from an address of its own."""

import re

import waiting
from house_test import HouseTest, main
from instance import Instance, scratch
from nameserver import NameServer, settings

CONFIRMED, FORGED, WITHOUT_ADDRESS, WITHOUT_NAME = (f'127.0.0.{last}' for last in (21, 22, 23, 24))
EXEMPT = '127.0.0.30'
ZONES = {
    '0.0.127.in-addr.arpa': '21 PTR good.names.test.\n22 PTR forged.names.test.\n23 PTR missing.names.test.\n',
    'names.test': 'good A 127.0.0.21\nforged A 127.0.0.99\n',
}


class Clients(HouseTest):
    @classmethod
    def prepare(cls):
        names = cls.use(NameServer(cls.use(scratch('clients')) / 'dns', ZONES))
        cls.ours = cls.use(Instance('clients', **settings(names), anvil_rate_time_unit='1h',
                                    smtpd_client_event_limit_exceptions=EXEMPT,
                                    smtpd_client_connection_count_limit=2, smtpd_client_connection_rate_limit=5,
                                    smtpd_client_message_rate_limit=2, smtpd_client_recipient_rate_limit=3,
                                    smtpd_client_auth_rate_limit=1, smtpd_client_new_tls_session_rate_limit=1,
                                    smtpd_recipient_restrictions='reject_unknown_reverse_client_hostname',
                                    smtpd_sender_restrictions='check_sender_access inline:{strict@x.test='
                                                              'reject_unknown_client_hostname}'))
        cls.alice = cls.ours.account(0)

    def connect(self, source, **how):
        client = self.ours.smtp(source=source, **how)
        self.addCleanup(client.close)
        return client

    def logged(self, pattern):
        return waiting.until(lambda: re.search(pattern, self.ours.log(), re.MULTILINE), f'the log has {pattern}')

    # --- names ---
    def assert_named(self, source, name, reverse_known=True):
        """What the log, the Received: field and the restrictions take for the client's name."""
        client = self.connect(source)
        self.logged(rf'connect from {re.escape(name)}\[{source}\]')
        client.command('MAIL FROM:<strict@x.test>')
        code, text = client.command(f'RCPT TO:<{self.alice["address"]}>')
        self.assertEqual(code // 100 == 2, name != 'unknown', text)
        client.command('RSET')
        subject = f'Subject: from {source}'.encode()
        code, text = client.mail('x@x.test', [self.alice['address']], subject + b'\r\n\r\nx\r\n')
        self.assertEqual(code // 100 == 2, reverse_known, text)
        if reverse_known:
            content = waiting.until(lambda: [each for each in self.ours.messages(self.alice['address']) if subject in each],
                                    f'{subject} arrives')[0]
            self.assertIn(f'Received: from client.example ({name} [{source}])'.encode(), content)

    def test_a_name_that_leads_back(self):
        self.assert_named(CONFIRMED, 'good.names.test')

    def test_a_forged_name(self):
        self.assert_named(FORGED, 'unknown')

    def test_a_name_without_an_address(self):
        self.assert_named(WITHOUT_ADDRESS, 'unknown')

    def test_an_address_without_a_name(self):
        self.assert_named(WITHOUT_NAME, 'unknown', reverse_known=False)

    # --- limits ---
    def asked(self, source, what, times):
        """The codes of `times` events of one kind from one address."""
        attempts = {'connection': self.greeted, 'message': self.mail_commands, 'recipient': self.rcpt_commands,
                    'AUTH': self.auth_commands, 'TLS': self.starttls_commands}
        return attempts[what](source, times)

    def greeted(self, source, times):
        codes = []
        for _ in range(times):
            with self.ours.smtp(source=source, hello=None) as client:
                codes.append(client.greeting[0])
                client.command('QUIT') if codes[-1] == 220 else None
        return codes

    def mail_commands(self, source, times):
        client = self.connect(source)
        codes = []
        for _ in range(times):
            codes.append(client.command('MAIL FROM:<x@x.test>')[0])
            client.command('RSET')
        return codes

    def rcpt_commands(self, source, times):
        client = self.connect(source)
        client.command('MAIL FROM:<x@x.test>')
        return [client.command(f'RCPT TO:<{self.alice["address"]}>')[0] for _ in range(times)]

    def auth_commands(self, source, times):
        client = self.connect(source)
        return [client.command('AUTH PLAIN AAAA')[0] for _ in range(times)]

    def starttls_commands(self, source, times):
        codes = []
        for _ in range(times):
            with self.ours.smtp(source=source) as client:
                codes.append(client.command('STARTTLS')[0])
                if codes[-1] == 220:
                    client.start_tls()
                    client.quit()
        return codes

    def test_rates(self):
        rows = [('connection', 5, 220, 421, 'Connection rate'),
                ('message', 2, 250, 450, 'Message delivery request rate'),
                ('recipient', 3, 450, 450, 'Recipient address rate'),
                ('AUTH', 1, 501, 450, 'AUTH command rate'),
                ('TLS', 1, 220, 450, 'New TLS session rate')]
        for number, (what, limit, within, above, words) in enumerate(rows):
            source = f'127.0.0.{40 + number}'
            with self.subTest(what):
                self.assertEqual(self.asked(source, what, limit + 1), [within] * limit + [above])
                self.logged(rf'warning: {words} limit exceeded: {limit + 1} from unknown\[{source}\] for service smtp$')
                self.assertEqual(set(self.asked(EXEMPT, what, limit + 2)), {within}, 'exempt')

    def test_connections_at_a_time(self):
        source = '127.0.0.50'
        first, _ = self.connect(source), self.connect(source)
        refused = self.connect(source, hello=None)
        self.assertEqual(refused.greeting, (421, f'4.7.0 mail.{self.ours.domain} Error: too many connections from {source}'))
        self.logged(rf'warning: Connection concurrency limit exceeded: 3 from unknown\[{source}\] for service smtp$')
        first.quit()
        self.logged(rf'disconnect from unknown\[{source}\] .*quit=1')
        waiting.until(lambda: self.greeted(source, 1) == [220], 'room for another', pause=5)
        self.assertEqual([self.connect(EXEMPT).greeting[0] for _ in range(4)], [220] * 4, 'exempt')


main(Clients)
