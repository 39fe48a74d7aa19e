"""SIGKILL before each system call that changes the disk: while messages are accepted (small and large), deferred, bounced,
expanded, delivered into Maildirs, held, released, deleted and removed, and again while what was left is recovered."""

from crashlab import Campaign, setting
from house_test import HouseTest, main


class EachCall(HouseTest):
    def test_killed_at_every_call(self):
        tried = Campaign('kill', setting('SEED', 1), setting('EXTRA', 6), setting('EVERY', 1)).run()
        self.assertGreater(tried, 300 // setting('EVERY', 1))


main(EachCall)
