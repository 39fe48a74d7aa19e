"""Broken, or only odd, versions of main.cf and master.cf: each takes the good files as bytes and changes something in
one of them, as editors, scripts, copies cut short and tired people do."""

import re

LONG = 100_000    # octets of a long line
HUGE = ['99999999999999999999', '-1', '9223372036854775807', '9223372036854775808', '1e9', '0x10', '4294967296', '', ' ',
        '18446744073709551616', '00000000000000000007', '+5', '5 5', '1.5']
TIMES = ['5x', 's', '-5s', '99999999999999999w', '5 minutes', '1h30m', '--', '0', '9223372036854775807s']
SIZES = ['message_size_limit', 'smtpd_session_limit', 'line_length_limit', 'smtpd_hard_error_limit', 'hopcount_limit',
         'qmgr_message_active_limit', 'default_process_limit', 'pop3d_connection_limit', 'smtp_mx_address_limit',
         'dns_query_limit', 'spool_inline_limit', 'auth_hash_memory', 'dns_port']
DURATIONS = ['smtpd_timeout', 'hung_timeout', 'queue_run_delay', 'maximal_queue_lifetime', 'pop3d_login_timeout',
             'minimal_backoff_time', 'maximal_backoff_time', 'service_throttle_time', 'dns_timeout', 'delivery_timeout']
LISTS = ['mynetworks', 'mydestination', 'smtpd_client_event_limit_exceptions', 'dns_nameservers', 'inet_interfaces',
         'smtpd_recipient_restrictions', 'smtpd_sender_restrictions', 'relay_domains', 'smtpd_tls_protocols',
         'pop3d_plaintext_auth_networks', 'debug_peer_list', 'mynetworks_style', 'smtp_tls_security_level']
ODD_LISTS = ['300.1.1.1', '127.0.0.0/99', '[::1', '::1/129', '!!', '!', ', , ,', '/no/such/file', 'hash:/no/such/file',
             'reject_nothing', 'check_client_access', 'permit_mynetworks,,reject', '10.0.0.0/8 /', '\x01\x02', 'a\tb',
             'all, ,localhost', '{', '}', '{ a { b }', 'static:', 'inline:{', 'unix:/dev/null', '1.2.3.4/', '0/0']
TABLES = ['virtual_alias_maps', 'transport_maps', 'alias_maps', 'recipient_canonical_maps', 'relocated_maps',
          'smtpd_sender_login_maps', 'virtual_mailbox_maps', 'header_checks']
ODD_TABLES = ['hash', 'hash:', ':', 'nosuchtype:/x', 'hash:/no/such/file', 'regexp:/no/such', 'inline:{a=b', 'inline:{ }',
              'inline:{a}', 'static:', 'pcre:/etc/passwd', 'texthash:/dev/null', 'hash:relative', 'cidr:/dev/null', 'proxy:',
              'proxy:proxy:hash:/x', 'pipemap:{', 'unionmap:{}', 'randmap:{', 'lmdb:/proc/self/mem', 'texthash:/', 'regexp:/']
NAMES = ['myhostname', 'myorigin', 'relayhost', 'smtpd_banner', 'queue_directory', 'data_directory', 'maillog_file',
         'smtpd_tls_cert_file', 'smtpd_tls_key_file', 'daemon_directory', 'mydomain', 'virtual_mailbox_base', 'mail_owner',
         'config_directory', 'recipient_delimiter', 'bounce_template_file']
ODD_VALUES = ['${', '${x', '$', '$$', '${x?', '${x?{a}:{', '${{', '$(mydomain', '${mydomain}}', '$no_such_parameter', '',
              '/', '/no/such/place', '.', 'relative/path', '/dev/null', '[', '[]', '[x]:', '[x]:0', '[x]:99999', '\xff\xfe',
              '{', '}', '{ {', '#', '=', '= =', '\\', '"', "'", '%s%n', '../../..', '*', '-', '.example.test', 'a..b', 'A' * 300]
SERVICES = ['smtp', 'smtpx inet', 'x inet n - y - 1', 'x inet n - y - 1 nosuchprogram', 'x inet n - y - 1 smtpd',
            '99999 inet n - y - 1 smtpd', '0 inet n - y - 1 smtpd', '127.0.0.1: inet n - y - 1 smtpd',
            ':25 inet n - y - 1 smtpd', 'x unix n - y - 1 smtpd', 'x fifo n - y - 1 authd', 'x what n - y - 1 authd',
            'qmgr unix - - n - 1 manager', 'x/../y unix - - n - 1 relay', '../x unix - - n - 1 relay',
            'x unix q - n - 1 relay', 'x unix - - n zz 1 relay', 'x unix - - n - many relay', 'x unix - - n - -3 relay',
            'x unix - - n - 99999999999 relay', 'x unix - - n - 0 relay', '/x unix - - n - 1 relay',
            'x unix - - n - 1 ../relay', 'x unix - - n - 1 /bin/sh', 'x unix - - n - 1 relay extra', 'x y z',
            '[::1]:25x inet n - y - 1 smtpd', 'nosuchhost.invalid:25 inet n - y - 1 smtpd', 'x pass n - y - 1 smtpd']
OPTIONS = ['-o', '-o x', '-o =', '-o =x', '-o x=', '-o message_size_limit=many', '-o nosuchparameter=1', '-v', '-D', '-o -o',
           '-o { x = y', '-o {x=y}}', '-o { smtpd_banner = }', '-o { }', '-o smtpd_timeout=5x', '-z', '--', '-o mynetworks=300.1.1.1',
           '-o smtpd_tls_wrappermode=perhaps', '-o smtpd_banner=${', '-o a=$a', '-o user=root', '-o {', '}', '-oX', '-ox=y',
           '-o queue_directory=/elsewhere', '-o config_directory=/elsewhere']


def _lines(data):
    return data.split(b'\n')


def _some_line(dice, lines):
    return dice.randrange(len(lines))


def _position(dice, data):
    return dice.randrange(max(len(data), 1))


# --- any file ---
def delete_line(dice, data):
    lines = _lines(data)
    del lines[_some_line(dice, lines)]
    return b'\n'.join(lines)


def repeat_line(dice, data):
    lines = _lines(data)
    lines.insert(_some_line(dice, lines), lines[_some_line(dice, lines)])
    return b'\n'.join(lines)


def swap_lines(dice, data):
    lines = _lines(data)
    one, other = _some_line(dice, lines), _some_line(dice, lines)
    lines[one], lines[other] = lines[other], lines[one]
    return b'\n'.join(lines)


def indent_line(dice, data):
    lines = _lines(data)
    number = _some_line(dice, lines)
    lines[number] = dice.choice([b' ', b'\t', b'\r', b'\v', b'\xa0']) + lines[number]
    return b'\n'.join(lines)


def join_lines(dice, data):
    lines = _lines(data)
    if len(lines) < 2:    # an earlier mutation left no more
        return data
    number = _some_line(dice, lines[:-1])
    lines[number:number + 2] = [lines[number] + dice.choice([b'', b' ', b'\\']) + lines[number + 1]]
    return b'\n'.join(lines)


def garble_line(dice, data):
    lines = _lines(data)
    number = _some_line(dice, lines)
    letters = list(lines[number] or b'x')
    dice.shuffle(letters)
    lines[number] = bytes(letters)
    return b'\n'.join(lines)


def flip_bytes(dice, data):
    changed = bytearray(data)
    for _ in range(dice.choice([1, 1, 1, 3, 20]) if data else 0):
        changed[_position(dice, changed)] ^= 1 << dice.randrange(8)
    return bytes(changed)


def random_byte(dice, data):
    place = _position(dice, data)
    odd = dice.choice([b'\0', b'\xff', b'\xc3\x28', b'\r', b'\x1b[2J', b'\xef\xbb\xbf', b'\xf0\x9f\x98\x80', b'$', b'{', b'"'])
    return data[:place] + odd + data[place + dice.randrange(2):]


def cut_short(dice, data):
    return data[:_position(dice, data)]


def cut_out(dice, data):
    first = _position(dice, data)
    return data[:first] + data[first + dice.randrange(200):]


def long_line(dice, data):
    lines = _lines(data)
    number = _some_line(dice, lines)
    lines[number] += dice.choice([b'x', b' x', b',a', b'$', b'${', b'{', b' -o a=b']) * (LONG // 2)
    return b'\n'.join(lines)


def many_lines(dice, data):
    return data + dice.choice([b'\n', b'#\n', b' x\n', b'x = y\n', b'a\n']) * 5000


def crlf(_dice, data):
    return data.replace(b'\n', b'\r\n')


def binary(dice, _data):
    return dice.randbytes(dice.randrange(3000))


# --- main.cf ---
def set_parameter(names, values):
    def change(dice, data):
        name, value = dice.choice(names).encode(), dice.choice(values).encode('latin-1')
        kept = b'' if dice.randrange(2) else data
        for line in [] if kept else _lines(data):
            kept += b'' if re.match(name + rb'\s*=', line) else line + b'\n'
        return kept.rstrip(b'\n') + b'\n' + name + b' = ' + value + b'\n'
    return change


def circle(dice, data):
    length = dice.choice([1, 2, 3, 50])
    names = [f'circle{dice.randrange(10 ** 6)}_{number}' for number in range(length)]
    lines = [f'{name} = {dice.choice(["$", "x ${"])}{names[(number + 1) % length]}' for number, name in enumerate(names)]
    lines = [line + ('}' if '{' in line else '') for line in lines]
    return data + '\n'.join([*lines, f'{dice.choice(NAMES)} = ${names[0]}']).encode() + b'\n'


def growing(dice, data):
    """Each name stands for twice the one before: a value of 2^40 octets, if somebody made it."""
    lines = [f'grow{number} = $grow{number - 1}$grow{number - 1}' for number in range(1, 41)]
    return data + '\n'.join(['grow0 = x', *lines, f'{dice.choice(NAMES)} = $grow40']).encode() + b'\n'


def nested(dice, data):
    depth = dice.choice([10, 1000, 20000])
    opening = dice.choice(['${x?{', '{', '${', '$(', '${x:'])
    return data + f'{dice.choice(NAMES)} = {opening * depth}'.encode() + b'\n'


# --- master.cf ---
def add_service(dice, data):
    return data.rstrip(b'\n') + b'\n' + dice.choice(SERVICES).encode() + b'\n'


def add_option(dice, data):
    lines = _lines(data.rstrip(b'\n'))
    number = _some_line(dice, lines)
    lines[number] += b' ' + dice.choice(OPTIONS).encode()
    return b'\n'.join(lines) + b'\n'


def add_option_line(dice, data):
    lines = _lines(data.rstrip(b'\n'))
    lines.insert(_some_line(dice, lines), b'  ' + dice.choice(OPTIONS).encode())
    return b'\n'.join(lines) + b'\n'


def drop_column(dice, data):
    lines = _lines(data)
    number = _some_line(dice, lines)
    columns = lines[number].split()
    if columns:
        del columns[dice.randrange(len(columns))]
    lines[number] = b' '.join(columns)
    return b'\n'.join(lines)


def change_column(dice, data):
    lines = _lines(data)
    number = _some_line(dice, lines)
    columns = lines[number].split() or [b'x']
    columns[dice.randrange(len(columns))] = dice.choice([b'-', b'y', b'n', b'unix', b'inet', b'0', b'99999999999', b'smtpd',
                                                         b'authd', b'?', b'1?', b'\xff', b'$', b'..', b'/'])
    lines[number] = b' '.join(columns)
    return b'\n'.join(lines)


ANY = [delete_line, repeat_line, swap_lines, indent_line, join_lines, garble_line, flip_bytes, flip_bytes, random_byte,
       cut_short, cut_out, long_line, many_lines, crlf, binary]
MAIN = [set_parameter(SIZES, HUGE), set_parameter(DURATIONS, TIMES + HUGE), set_parameter(LISTS, ODD_LISTS),
        set_parameter(TABLES, ODD_TABLES), set_parameter(NAMES, ODD_VALUES), set_parameter(LISTS + TABLES, ODD_VALUES),
        circle, growing, nested]
MASTER = [add_service, add_option, add_option_line, drop_column, change_column]


def mutate(dice, main_cf, master_cf):
    """(what was done, main.cf, master.cf): mostly one change, sometimes several."""
    done = []
    for _ in range(dice.choice([1, 1, 1, 1, 2, 4])):
        if dice.randrange(5) < 3:
            way = dice.choice(ANY + 2 * MAIN)
            main_cf = way(dice, main_cf or b'\n')
        else:
            way = dice.choice(ANY + 4 * MASTER)
            master_cf = way(dice, master_cf or b'\n')
        done.append(getattr(way, '__qualname__', '?').split('.')[0])
    return '+'.join(done), main_cf, master_cf
