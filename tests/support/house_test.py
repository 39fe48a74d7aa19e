"""The base of the end-to-end tests: unittest, with the instances' logs shown when something fails.

    class Story(HouseTest):
        @classmethod
        def prepare(cls): cls.ours = cls.use(Instance('story'))

`use` enters a context manager for the time of the class. Tests run in the order of their lines."""

import contextlib
import os
import sys
import unittest

SKIPPED = 77    # CTest's SKIP_RETURN_CODE for what only root can do


class HouseTest(unittest.TestCase):
    maxDiff = 4000

    @classmethod
    def setUpClass(cls):
        cls.stack = contextlib.ExitStack()
        cls.instances = []
        try:
            cls.prepare()
        except BaseException:
            cls.show_logs()
            cls.stack.close()
            raise

    @classmethod
    def tearDownClass(cls):
        cls.stack.close()

    @classmethod
    def prepare(cls):
        """Start what the tests of this class need."""

    @classmethod
    def use(cls, manager):
        entered = cls.stack.enter_context(manager)
        if hasattr(entered, 'log'):
            cls.instances.append(entered)
        return entered

    @classmethod
    def show_logs(cls):
        for instance in cls.instances:
            print(f'--- log of {getattr(instance, "folder", getattr(instance, "base", "?"))}', instance.log()[-8000:],
                  '---', sep='\n', file=sys.stderr, flush=True)

    def run(self, result=None):
        before = len(result.failures) + len(result.errors) if result else 0
        done = super().run(result)
        if result and len(result.failures) + len(result.errors) > before:
            self.show_logs()
        return done


def in_order(case):
    """The test methods of a class in the order of their lines."""
    names = unittest.TestLoader().getTestCaseNames(case)
    return sorted(names, key=lambda name: getattr(case, name).__code__.co_firstlineno)


def main(*cases, root_only='', for_root=(), left_out=''):
    """Run the classes; the process's status is CTest's. `root_only` says why an ordinary user cannot run any of this;
    `for_root` are the classes that need root where others do not, and `left_out` says then what they are about."""
    if root_only and os.geteuid() != 0:
        print(f'needs root: {root_only}')
        sys.exit(SKIPPED)
    if os.geteuid() == 0:
        cases += tuple(for_root)
    elif left_out:
        print(f'left out, for it needs root: {left_out}', flush=True)
    suite = unittest.TestSuite(case(name) for case in cases for name in in_order(case))
    wanted = sys.argv[1:]
    if wanted:
        suite = unittest.TestSuite(case for case in suite if any(word in case.id() for word in wanted))
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    sys.exit(0 if result.wasSuccessful() else 1)
