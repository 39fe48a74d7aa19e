"""Mail that goes in a circle through two hosts comes to an end: where an alias or a user's .forward closes the circle when it
comes by again, where nothing is written down of the way by the number of its hops. The other host is a second Ekiden, and
for root a Postfix, too."""

from house_test import HouseTest, main
from instance import Instance, free_port
from postfix import Postfix

HERE, THERE = 'here.test', 'there.test'
CONTENT = b'From: alice@first.test\r\nTo: x\r\nDate: Sun, 22 Nov 2026 00:00:00 +0000\r\nMessage-ID: <1@x>\r\nSubject: round\r\n\r\nx\r\n'


def way(domain, host):
    return f'inline:{{ {domain}=smtp:[{host.address}]:{host.port if isinstance(host, Postfix) else host.port("smtp")} }}'


class Loops(HouseTest):
    # What the other host makes of its two names: both lead back.
    BACK = f'inline:{{ carol@{THERE}=list@{HERE}, dave@{THERE}=round@{HERE} }}'

    @classmethod
    def prepare(cls):
        cls.ours = cls.use(Instance('first', domain='first.test'))
        cls.other = cls.use(cls.other_host())
        cls.ours.restart(mydestination=HERE, mynetworks='127.0.0.0/8', transport_maps=way(THERE, cls.other),
                         alias_maps=f'inline:{{ list=carol@{THERE} }}',
                         virtual_alias_maps=f'inline:{{ round@{HERE}=dave@{THERE} }}')
        cls.give_way_back()

    @classmethod
    def other_host(cls):
        return Instance('second', domain='second.test')

    @classmethod
    def give_way_back(cls):
        cls.other.restart(virtual_alias_domains=THERE, virtual_alias_maps=cls.BACK, transport_maps=way(HERE, cls.ours),
                          mynetworks='127.0.0.0/8')

    def returned(self, to, content=CONTENT):
        """The notice that the sender, alice, gets."""
        alice = self.ours.account(0)
        before = len(self.ours.messages(alice['address']))
        with self.ours.smtp() as client:
            code, text = client.mail(alice['address'], [to], content)
        self.assertEqual(code, 250, text)
        notice = self.ours.wait_for_messages(alice['address'], before + 1, 60)[-1]
        notice = notice if isinstance(notice, bytes) else notice.encode(errors='replace')
        self.assertIn(b'multipart/report', notice)
        return notice

    def test_an_alias_meets_its_own_mail(self):
        notice = self.returned(f'list@{HERE}')
        self.assertRegex(notice, rb'mail forwarding loop for\s+list@here\.test')
        self.assertIn(b'Status: 5.4.6', notice)
        self.assertIn(b'Final-Recipient: rfc822; list@here.test', notice)

    def test_hops_are_counted_where_nobody_writes_down_the_way(self):
        self.assertRegex(self.returned(f'round@{HERE}'), rb'too many\s+hops')

    def test_a_virtual_mailbox_meets_its_own_mail(self):
        """As from a program that fetches mail and sends it on, however large it has become."""
        bob = self.ours.account(1)['address']
        for size in (10, 300_000):
            with self.subTest(size=size):
                content = b'Received: from x\r\n' + b'X-Filler: y\r\n' * (size // 13) + b'Delivered-To: ' + \
                    bob.upper().encode() + b'\r\n' + CONTENT
                notice = self.returned(bob, content)
                self.assertRegex(notice, rb'mail forwarding loop for\s+' + bob.encode())
        self.assertEqual(self.ours.messages(bob), [])


class LoopsOverPostfix(Loops):
    @classmethod
    def other_host(cls):
        return Postfix(cls.ours.folder / 'postfix', 'elsewhere.test', '127.0.0.1', port=free_port(), settings={
            'virtual_alias_domains': THERE, 'virtual_alias_maps': cls.BACK, 'transport_maps': way(HERE, cls.ours)})

    @classmethod
    def give_way_back(cls):
        """Our port may have changed with the restart."""
        main_cf = cls.other.etc / 'main.cf'
        lines = [line for line in main_cf.read_text().splitlines() if not line.startswith(('transport_maps', 'mynetworks'))]
        main_cf.write_text('\n'.join([*lines, f'transport_maps = {way(HERE, cls.ours)}', 'mynetworks = 127.0.0.0/8', '']))
        cls.other.command('reload')


main(Loops, for_root=(LoopsOverPostfix,), left_out='a Postfix as the other host')
