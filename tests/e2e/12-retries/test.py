"""A destination that is never ready: attempts at growing intervals, one warning of the delay, and in the end the message
comes back to its sender. Hours in practice, seconds here."""

import email
import email.policy
import itertools
import time

import waiting
from house_test import HouseTest, main
from instance import Instance
from peers import Sink

SHORTEST, LONGEST, WARNING, LIFETIME = 1, 60, 2, 7    # seconds
SLACK = 1.1    # times on disk are whole seconds


class Retries(HouseTest):
    reason = '451 4.7.1 come back another day'

    @classmethod
    def prepare(cls):
        cls.attempts = []
        cls.sink = cls.use(Sink('127.0.0.5', decide=cls.refuse))
        cls.ours = cls.use(Instance('retries', mynetworks='127.0.0.0/8', relayhost=f'[127.0.0.5]:{cls.sink.port}',
                                    minimal_backoff_time=f'{SHORTEST}s', maximal_backoff_time=f'{LONGEST}s',
                                    queue_run_delay='1s', maximal_queue_lifetime=f'{LIFETIME}s',
                                    delay_warning_time=f'{WARNING}s'))
        cls.alice = cls.ours.account(0)
        with cls.ours.smtp() as client:
            cls.begun = time.monotonic()
            code, cls.answer = client.mail(cls.alice['address'], ['carol@far.test'], b'Subject: patience\r\n\r\nx\r\n')
        assert code == 250, cls.answer
        cls.queue_id = cls.answer.rsplit(' ', 1)[1]

    @classmethod
    def refuse(cls, _):
        cls.attempts.append(time.monotonic())
        return cls.reason

    def notices(self, subject):
        parsed = [email.message_from_bytes(content, policy=email.policy.default)
                  for content in self.ours.messages(self.alice['address'])]
        return [notice for notice in parsed if notice['Subject'].startswith(subject)]

    def fields(self, notice):
        self.assertEqual((notice['Return-Path'], notice.get_content_type()), ('<>', 'multipart/report'))
        report = next(part for part in notice.iter_parts() if part.get_content_type() == 'message/delivery-status')
        return ' '.join(report.as_string().split())

    def test_1_the_sender_hears_of_the_delay(self):
        notice = waiting.until(lambda: self.notices('Delayed Mail'), 'the warning')[0]
        self.assertGreaterEqual(time.monotonic() - self.begun, WARNING - SLACK)
        fields = self.fields(notice)
        for line in ('Final-Recipient: rfc822; carol@far.test', 'Action: delayed', 'Status: 4.7.1', 'Will-Retry-Until: '):
            self.assertIn(line, fields)

    def test_2_in_the_end_it_comes_back(self):
        notice = waiting.until(lambda: self.notices('Undelivered Mail'), 'the bounce', 60)[0]
        self.assertGreaterEqual(time.monotonic() - self.begun, LIFETIME - SLACK)
        fields = self.fields(notice)
        for line in ('Final-Recipient: rfc822; carol@far.test', 'Action: failed', 'come back another day'):
            self.assertIn(line, fields)
        waiting.until(lambda: f'{self.queue_id}: removed' in self.ours.log(), 'the queue forgets it')
        log = self.ours.log()
        self.assertIn(f'{self.queue_id}: from=<{self.alice["address"]}>, status=expired, returned to sender', log)
        self.assertEqual(log.count(f'{self.queue_id}: sender delay notification: '), 1)
        self.assertEqual(len(self.notices('Delayed Mail')), 1, 'one warning for all the delay')
        self.assertTrue(self.ours.queue_is_empty())

    def test_3_intervals_grew_with_its_age(self):
        self.assertGreaterEqual(len(self.attempts), 3)
        for before, after in itertools.pairwise(self.attempts):
            age = before - self.begun
            self.assertGreaterEqual(after - before, max(SHORTEST, min(age, LONGEST)) - SLACK, self.attempts)
        gaps = [after - before for before, after in itertools.pairwise(self.attempts)]
        self.assertGreater(gaps[-1], 2 * SHORTEST, gaps)

    def test_4_words_of_ones_own(self):
        words = self.ours.folder / 'bounce.cf'
        words.write_text('failure_template = <<EOF\nCharset: utf-8\nFrom: Post <post@example.test>\nSubject: Returned to you\n'
                         'Postmaster-Subject: to the postmaster\n\nGrüße von $myhostname, nach $maximal_queue_lifetime_seconds s.'
                         '\nEOF\n', 'utf-8')
        self.ours.command('ekiconf', '-e', f'bounce_template_file={words}')
        self.ours.command('ekiden', 'reload')
        type(self).reason = '550 5.1.1 nobody here'
        with self.ours.smtp() as client:
            client.mail(self.alice['address'], ['dave@far.test'], b'Subject: words\r\n\r\nx\r\n')
        notice = waiting.until(lambda: self.notices('Returned to you'), 'the bounce')[0]
        self.assertEqual(notice['From'], 'Post <post@example.test>')
        text = next(notice.iter_parts())
        self.assertEqual(text.get_content_charset(), 'utf-8')
        self.assertRegex(text.get_content(), rf'Grüße von \S+, nach {LIFETIME} s\.')
        self.assertIn('nobody here', text.get_content())
        self.assertIn('Status: 5.1.1', self.fields(notice))


main(Retries)
