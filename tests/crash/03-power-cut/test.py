"""Loss of power at every point of a recorded scenario: what was flushed is there; what was not is there, or not, or in
part, in any order, data and names each for themselves. From each state the queue recovers; no two states are equal."""

from crashlab import Campaign, setting
from house_test import HouseTest, main


class PowerCut(HouseTest):
    def test_every_state_recovers(self):
        tried = Campaign('cut', setting('SEED', 1), setting('EXTRA', 4), variants=setting('VARIANTS', 8)).run()
        self.assertGreaterEqual(tried, 5000)


main(PowerCut)
