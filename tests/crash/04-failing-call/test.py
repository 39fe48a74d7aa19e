"""Each system call on a file fails once, in each way that fits it: no space, no descriptor, no memory, no lock, an I/O
error, half of what was asked for. The client is told to come again, is answered when it does, and without a new start
everything comes to its end; nothing that was answered with 250 is lost, nothing that was refused is delivered.

The short form takes one of a few of these failures, which ones depends on the seed; the long form takes all."""

from crashlab import Campaign, setting
from house_test import HouseTest, main


class FailingCall(HouseTest):
    def test_each_failure_is_survived(self):
        every = setting('EVERY', 4)
        tried = Campaign('fail', setting('SEED', 1), setting('EXTRA', 6), every).run()
        self.assertGreater(tried, 1200 // every)


main(FailingCall)
