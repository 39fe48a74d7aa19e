"""Where mail for other domains goes: MX by preference, address fallback, null MX, aliases, loops, DNSSEC; what comes back
when it cannot go there; and what is tried again."""

import email
import email.policy
import threading

import waiting
from house_test import HouseTest, main
from instance import Instance, scratch
from nameserver import NameServer
from peers import Sink

ZONES = {
    'prefer.test': '@ MX 20 good\n@ MX 10 dead\ngood A 127.0.0.5\ndead A 127.0.0.9\n',
    'address.test': '@ A 127.0.0.5\nalias CNAME address.test.\n',
    'null.test': '@ MX 0 .\n',
    'loop.test': '@ MX 10 mail\nmail A 127.0.0.1\n',
    'signed.test': '@ MX 10 mail\nmail A 127.0.0.5\n',
    'bogus.test': '@ MX 10 mail\nmail A 127.0.0.5\n',
}


class Relay(HouseTest):
    @classmethod
    def prepare(cls):
        folder = cls.use(scratch('relay'))
        cls.tempers = {}
        cls.sink = cls.use(Sink('127.0.0.5', decide=cls.decide, at_end=cls.at_end))
        names = cls.use(NameServer(folder / 'dns', ZONES, signed=['signed.test', 'bogus.test']))
        anchor = folder / 'anchor'
        wrong = ''.join(line[:-4] + ('0000' if line[-4:] != '0000' else '1111') + '\n'
                        for line in names.trust_anchor('bogus.test').strip().split('\n'))
        anchor.write_text('\n'.join(' '.join(line.replace(' DS ', ' IN DS ').split()) for line in
                                    (names.trust_anchor('signed.test') + wrong).strip().split('\n')) + '\n')
        anchor.chmod(0o644)
        cls.ours = cls.use(Instance('relay', mynetworks='127.0.0.0/8', smtp_tcp_port=cls.sink.port,
                                    dns_nameservers=names.address, dns_port=names.port,
                                    dns_trust_anchor_file=anchor, minimal_backoff_time='1s', maximal_backoff_time='1s',
                                    queue_run_delay='1s', smtp_connect_timeout='5s'))
        cls.alice = cls.ours.account(0)

    # --- how the other side behaves ---
    @classmethod
    def once(cls, key):
        """True the first time."""
        with threading.Lock():
            cls.tempers[key] = cls.tempers.get(key, 0) + 1
        return cls.tempers[key] == 1

    @classmethod
    def decide(cls, recipient):
        if recipient.startswith('unknown@'):
            return '550 5.1.1 no such user here'
        if recipient.startswith('later@') and cls.once(recipient):
            return '451 4.7.1 greylisted'
        return None

    @classmethod
    def at_end(cls, content):
        if b'lose the answer' in content and cls.once('lost'):
            return None
        return '250 2.0.0 Ok'

    # --- steps ---
    def send(self, *recipients, subject='x'):
        text = f'From: {self.alice["address"]}\r\nSubject: {subject}\r\n\r\n.dot\r\n..\r\nend\r\n'
        with self.ours.smtp() as client:
            code, reply = client.mail(self.alice['address'], recipients, text.encode())
        self.assertEqual(code, 250, reply)

    def arrived(self, recipient, subject):
        return [content for _, recipients, content in self.sink.messages
                if recipient in recipients and f'Subject: {subject}\r\n'.encode() in content]

    def assert_arrives(self, recipient, subject):
        content = waiting.until(lambda: self.arrived(recipient, subject), f'{subject} for {recipient}', 40)[0]
        self.assertTrue(content.endswith(b'\r\n\r\n.dot\r\n..\r\nend\r\n'), content)

    def bounce_about(self, recipient):
        """The notification for a recipient, parsed."""
        def find():
            for content in self.ours.messages(self.alice['address']):
                if f'Final-Recipient: rfc822; {recipient}'.encode() in content:
                    return email.message_from_bytes(content, policy=email.policy.default)
        return waiting.until(find, f'a bounce about {recipient}', 40)

    def assert_bounced(self, recipient, status):
        notice = self.bounce_about(recipient)
        self.assertEqual(notice['Return-Path'], '<>')
        self.assertEqual(notice.get_content_type(), 'multipart/report')
        self.assertEqual(notice.get_param('report-type'), 'delivery-status')
        parts = list(notice.iter_parts())
        self.assertEqual([part.get_content_type() for part in parts[:2]], ['text/plain', 'message/delivery-status'])
        self.assertIn(parts[2].get_content_type(), ('message/rfc822', 'text/rfc822-headers'))
        fields = parts[1].as_string()
        self.assertIn('Action: failed', fields)
        self.assertRegex(fields, rf'(?m)^Status: {status}')

    # --- tests ---
    def test_the_next_mx_when_the_best_is_dead(self):
        self.send('carol@prefer.test', subject='preference')
        self.assert_arrives('carol@prefer.test', 'preference')

    def test_the_address_where_there_is_no_mx(self):
        self.send('carol@address.test', subject='address')
        self.assert_arrives('carol@address.test', 'address')

    def test_an_alias(self):
        self.send('carol@alias.address.test', subject='alias')
        waiting.until(lambda: self.arrived('carol@alias.address.test', 'alias') or
                      self.arrived('carol@address.test', 'alias'), 'mail for the alias', 40)

    def test_null_mx(self):
        self.send('carol@null.test')
        self.assert_bounced('carol@null.test', r'5\.1\.10')

    def test_no_such_domain(self):
        self.send('carol@nowhere.address.test')
        self.assert_bounced('carol@nowhere.address.test', r'5\.4\.4')

    def test_validated_answers(self):
        self.send('carol@signed.test', subject='signed')
        self.assert_arrives('carol@signed.test', 'signed')

    def test_bogus_answers_are_not_used(self):
        self.send('carol@bogus.test', subject='bogus')
        waiting.until(lambda: any('to=<carol@bogus.test>' in line and 'status=deferred' in line
                                  for line in self.ours.log().split('\n')), 'put off', 60)
        self.assertEqual(self.arrived('carol@bogus.test', 'bogus'), [])

    def test_each_recipient_has_its_own_outcome(self):
        self.send('carol@address.test', 'unknown@address.test', 'later@address.test', subject='three')
        self.assert_arrives('carol@address.test', 'three')
        self.assert_bounced('unknown@address.test', r'5\.1\.1')
        self.assert_arrives('later@address.test', 'three')
        self.assertEqual(len(self.arrived('carol@address.test', 'three')), 1)

    def test_a_connection_lost_after_the_dot_is_tried_again(self):
        self.send('carol@address.test', subject='lose the answer')
        self.assert_arrives('carol@address.test', 'lose the answer')

    def test_a_bounce_is_never_answered(self):
        # Nobody hears of it: not a sender, for there is none, and not postmaster, who is alice.
        before = len(self.ours.messages(self.alice['address']))
        with self.ours.smtp() as client:
            code, answer = client.mail('', ['unknown@address.test'], b'Subject: null\r\n\r\nx\r\n')
        self.assertEqual(code, 250, answer)
        queue_id = answer.rsplit(' ', 1)[1]
        waiting.until(lambda: f'{queue_id}: removed' in self.ours.log(), 'the queue forgets it', 40)
        outcome = [line for line in self.ours.log().split('\n') if f'{queue_id}: to=<unknown@address.test>' in line]
        self.assertIn('status=bounced', outcome[0])
        # A notice would have been queued before that; this message comes behind it.
        self.send(self.alice['address'], subject='after the silence')
        marker = b'Subject: after the silence\n'
        waiting.until(lambda: any(marker in content for content in self.ours.messages(self.alice['address'])),
                      'the message behind it')
        self.assertEqual(len(self.ours.messages(self.alice['address'])), before + 1)
        self.assertNotRegex(self.ours.log(), rf'{queue_id}: (sender|postmaster) non-delivery notification')

    def test_a_loop(self):
        self.ours.restart(smtp_tcp_port=self.ours.port('smtp'))
        self.send('carol@loop.test')
        self.assert_bounced('carol@loop.test', r'5\.4\.6')


main(Relay)
