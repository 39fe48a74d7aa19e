"""`ekiden tls`: keys, certificates, requests and TLSA records, what main.cf then says, and what clients are shown after a
reload; records and requests beside those of `postfix tls` for the same key. The openssl command reads what was made."""

import hashlib
import os
import pathlib
import re
import ssl
import subprocess

import waiting
from house_test import HouseTest, main
from instance import Instance, scratch

EX_USAGE, EX_DATAERR, EX_NOINPUT, EX_CONFIG = 64, 65, 66, 78
IDENTITY = re.compile(r'(?m)^smtpd_tls_(?:cert|key)_file = .*\n')


def openssl(*words, text=None):
    done = subprocess.run(['openssl', *map(str, words)], input=text, capture_output=True, timeout=60)
    assert done.returncode == 0, f'openssl {words}: {done.stderr.decode()}'
    return done.stdout


def names_in(text):
    return re.findall(rb'DNS:([\w.-]+)', text)


def digest_of(key):
    return hashlib.sha256(openssl('pkey', '-in', key, '-pubout', '-outform', 'DER')).hexdigest()


class TlsCommand(HouseTest):
    @classmethod
    def prepare(cls):
        cls.ours = cls.use(Instance('tls-command'))
        cls.etc = cls.ours.folder / 'etc'
        cls.main_cf = cls.etc / 'main.cf'
        cls.with_identity = cls.main_cf.read_text()
        cls.plain = IDENTITY.sub('', cls.with_identity)

    def setUp(self):
        self.main_cf.write_text(self.plain)
        for path in self.etc.glob('*-2*.pem'):
            path.unlink()

    def tls(self, *words, status=0):
        argv = [*self.ours.facts['commands']['ekiden'], 'tls', *map(str, words)]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, status, f'{words}: {done.stdout}{done.stderr}')
        self.assertTrue(status or not done.stderr, done.stderr)
        return done.stdout if status == 0 else done.stderr

    def made(self, said):
        """(key, certificate), as the output names them."""
        key = re.search(r'(?m)^New private key: (.*)$', said).group(1)
        certificate = re.search(r'(?m)^Self-signed certificate for it: (.*)$', said).group(1)
        return pathlib.Path(key), pathlib.Path(certificate)

    def test_defaults(self):
        for side in ('client', 'server'):
            self.assertEqual(self.tls(f'all-default-{side}'), '')
        self.main_cf.write_text(self.plain + 'smtp_tls_loglevel = 0\n')
        self.tls('all-default-client', status=1)
        self.tls('all-default-server')
        self.main_cf.write_text(self.with_identity)
        self.tls('all-default-client')
        self.tls('all-default-server', status=1)

    def test_enable_client(self):
        self.assertEqual(self.tls('enable-client'), 'TLS towards servers is in use: smtp_tls_security_level = may\n')
        self.main_cf.write_text(self.plain + 'smtp_tls_security_level = none\n')
        self.assertIn('ekiconf -c', self.tls('enable-client'))
        self.assertEqual(self.main_cf.read_text(), self.plain + 'smtp_tls_security_level = none\n')

    def test_enable_server_and_a_new_certificate(self):
        said = self.tls('enable-server', 'mx.example.test', 'mail.example.test')
        key, certificate = self.made(said)
        text = self.main_cf.read_text()
        self.assertEqual(text, self.plain + f'smtpd_tls_cert_file = {certificate}\nsmtpd_tls_key_file = {key}\n')
        self.assertEqual((key.stat().st_mode & 0o7777, certificate.stat().st_mode & 0o7777), (0o600, 0o644))
        self.assertRegex(key.name, r'^key-\d{8}-\d{6}\.pem$')
        shown = openssl('x509', '-in', certificate, '-noout', '-text')
        self.assertEqual(names_in(shown), [b'mx.example.test', b'mail.example.test'])
        self.assertRegex(shown, rb'Subject: CN ?= ?mx\.example\.test\n')
        openssl('verify', '-CAfile', certificate, certificate)
        openssl('x509', '-in', certificate, '-noout', '-checkend', 99 * 365 * 86400)
        self.ours.command('ekiden', 'reload')
        self.assert_shown(certificate)
        # Done once, it changes nothing more.
        self.assertIn('Nothing was changed, for main.cf sets smtpd_tls_cert_file, smtpd_tls_key_file', self.tls('enable-server'))
        self.assertEqual(self.main_cf.read_text(), text)

        # A new certificate of the key in use, under another name, put into use.
        waiting.until(lambda: not (self.etc / f'key-{self.stamp()}.pem').exists(), 'the next second')
        second_key, second = self.made(self.tls('new-server-cert', 'other.example.test'))
        self.assertEqual(digest_of(second_key), digest_of(key))
        self.assertEqual(names_in(openssl('x509', '-in', second, '-noout', '-text')), [b'other.example.test'])
        self.assertEqual(self.main_cf.read_text(), text)
        self.tls('deploy-server-cert', second.name, second_key.name)    # below config_directory
        self.assertEqual(self.main_cf.read_text(), text.replace(str(certificate), str(second)).replace(str(key), str(second_key)))
        self.ours.command('ekiden', 'reload')
        self.assert_shown(second)

    @staticmethod
    def stamp():
        return subprocess.run(['date', '-u', '+%Y%m%d-%H%M%S'], capture_output=True, text=True, timeout=60).stdout.strip()

    def assert_shown(self, certificate):
        wanted = ssl.PEM_cert_to_DER_cert(certificate.read_text())

        def shown():
            try:
                pem = ssl.get_server_certificate((self.ours.address, self.ours.port('submissions')), timeout=30)
                return ssl.PEM_cert_to_DER_cert(pem) == wanted
            except OSError:
                return False
        waiting.until(shown, f'clients are shown {certificate}')

    def test_keys(self):
        for words, kind, size in ((['-a', 'rsa', '-b', '3072'], 'key', rb'3072 bit'), (['-a', 'ecdsa'], 'eckey', rb'prime256v1'),
                                  (['-aecdsa', '-bsecp384r1'], 'eckey', rb'secp384r1'), ([], 'key', rb'2048 bit')):
            for path in self.etc.glob('*-2*.pem'):
                path.unlink()
            key, certificate = self.made(self.tls('new-server-key', *words))
            self.assertTrue(key.name.startswith(kind + '-2'), key)
            self.assertRegex(openssl('pkey', '-in', key, '-noout', '-text'), size)
            self.assertEqual(names_in(openssl('x509', '-in', certificate, '-noout', '-text')), [b'mail.example.test'])
        self.assertEqual(self.main_cf.read_text(), self.plain)

    def test_output(self):
        key, certificate = self.made(self.tls('new-server-key', '-a', 'ecdsa'))
        for word, status in ((key, 0), (key.name, 0), ('ecdsa', EX_NOINPUT), ('nosuch', EX_NOINPUT)):
            self.tls('output-server-csr', '-k', word, status=status)
        self.assertIn('names no key', self.tls('output-server-tlsa', status=EX_NOINPUT))
        self.tls('deploy-server-cert', certificate, key)
        self.assertEqual(self.tls('output-server-csr', '-k', 'ecdsa', 'a.test')[:27], '-----BEGIN CERTIFICATE REQU')
        self.tls('output-server-csr', status=EX_NOINPUT)    # the key in use is none of rsa
        self.assertEqual(self.tls('output-server-tlsa', '-h', 'mx.test'),
                         f'; {key}\n_25._tcp.mx.test. IN TLSA 3 1 1 {digest_of(key)}\n')
        request = self.tls('output-server-csr', '-k', key, 'a.test', 'b.test').encode()
        shown = openssl('req', '-verify', '-noout', '-text', text=request)
        self.assertEqual(names_in(shown), [b'a.test', b'b.test'])

    def test_what_is_refused(self):
        first_key, first = self.made(self.tls('new-server-key', '-a', 'ecdsa'))
        other_key, other = self.made(self.tls('new-server-key', '-a', 'rsa'))
        before = self.main_cf.read_bytes()
        for words, status in ((['deploy-server-cert', first, other_key], EX_DATAERR), (['deploy-server-cert', first_key, first], EX_DATAERR),
                              (['deploy-server-cert', first, '/nosuch'], EX_NOINPUT), (['deploy-server-cert', first], EX_USAGE),
                              (['nosuch'], EX_USAGE), ([], EX_USAGE), (['new-server-key', '-a', 'dsa'], EX_USAGE),
                              (['new-server-key', '-b', '1024'], EX_USAGE), (['new-server-key', '-a', 'ecdsa', '-b', '2048'], EX_USAGE),
                              (['new-server-key', 'a b'], EX_DATAERR), (['new-server-key', 'a.test,DNS:b.test'], EX_DATAERR),
                              (['enable-client', '-r', 'dev:/dev/urandom'], EX_USAGE), (['output-server-tlsa', '-h'], EX_USAGE),
                              (['output-server-tlsa', first], EX_DATAERR)):
            self.tls(*words, status=status)
        self.assertEqual(self.main_cf.read_bytes(), before)
        self.main_cf.write_text(self.plain + f'smtpd_tls_chain_files = {first_key}, {first}\n')
        self.assertIn('smtpd_tls_chain_files is set', self.tls('deploy-server-cert', first, first_key, status=EX_CONFIG))

    def test_beside_postfix(self):
        if os.geteuid() != 0:
            print('left out, for it needs root: the comparison with Postfix')
            return
        keys = [self.made(self.tls('new-server-key', '-a', algorithm))[0] for algorithm in ('rsa', 'ecdsa')]
        with scratch('tls-postfix') as folder:
            for name in ('spool', 'data'):
                (folder / name).mkdir()
            (folder / 'main.cf').write_text(f'compatibility_level = 3.6\nqueue_directory = {folder}/spool\n'
                                            f'data_directory = {folder}/data\nmyhostname = mail.example.test\n'
                                            f'maillog_file = {folder}/log\nmaillog_file_prefixes = {folder}\n'
                                            'daemon_directory = /usr/lib/postfix/sbin\ncommand_directory = /usr/sbin\n')
            (folder / 'master.cf').write_text(pathlib.Path('/usr/share/postfix/master.cf.dist').read_text())

            def theirs(*words):
                argv = ['unshare', '-m', '--propagation', 'private', 'sh', '-c', 'mount --bind "$1" /etc/postfix && shift && '
                        'exec /usr/sbin/postfix tls "$@"', 'sh', str(folder), *map(str, words)]
                done = subprocess.run(argv, capture_output=True, timeout=120)
                log = folder / 'log'
                self.assertEqual(done.returncode, 0, done.stderr.decode() + (log.read_text() if log.exists() else ''))
                return done.stdout

            for words in (keys, ['-h', 'mx.example.test', *keys]):
                self.assertEqual(self.tls('output-server-tlsa', *words).encode(), theirs('output-server-tlsa', *words))

            def of(request):
                text = openssl('req', '-verify', '-noout', '-text', text=request)
                return names_in(text), re.findall(rb'TLS Web \w+ Authentication', text), re.search(rb'Subject:.*', text).group(0)
            for key in keys:
                words = ['output-server-csr', '-k', key, 'a.example.test', 'b.example.test']
                self.assertEqual(of(self.tls(*words).encode()), of(theirs(*words)))


main(TlsCommand)
