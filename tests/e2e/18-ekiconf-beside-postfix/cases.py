"""What postconf and ekiconf are both asked, on the same files. A group is main.cf, master.cf and command lines, each of
which finds the files as they stand here; `then` separates commands that follow each other on the same files. A line
that begins with `~ reason:` compares what is printed, the status and the files, but not the words on stderr."""

SMTP = 'smtp inet n - n - - smtpd\n'

PLAIN = '''\
# where we are
myhostname = mail.example.test
mydomain=example.test
mail_name = Mail

relayhost = [gateway.example.test]:587
recipient_delimiter = +
own = $myhostname and ${other}
other = $own_two
own_two = deep
smtpd_banner = $myhostname ESMTP   $mail_name   ($own)
# no effect of a comment here
mydestination = $myhostname,
  # inside
\tlocalhost.$mydomain,

    localhost
lost_name = 1
smtpd_recipient_restrictions = permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination, \
check_recipient_access inline:{a=OK}, permit
'''

SHOWS = '''\
-d alias_database
alias_database
-H mail_version
-n
-nf
-nh
-nH
-nhf
-nx
-nxf
-nfx myhostname smtpd_banner
myhostname
myhostname mydomain relayhost
relayhost myhostname relayhost
-h relayhost
-H relayhost myorigin
-hx smtpd_banner
-x mydestination myorigin
-f smtpd_recipient_restrictions
-fh smtpd_recipient_restrictions
-fH smtpd_recipient_restrictions
-p relayhost
-pn
own other own_two
-x own
-h own_two
no_such_name
no_such_name relayhost also_none
lost_name
-n lost_name relayhost
-n relayhost mynetworks_none
-n transport_maps relayhost
myorigin recipient_delimiter double_bounce_sender
-d relayhost myorigin recipient_delimiter
-d own
-dh myorigin
-dH myorigin
-d smtp_helo_timeout queue_run_delay maximal_queue_lifetime
-dx smtp_helo_name no_such_name
-o relayhost=other relayhost
-o relayhost= relayhost
-o own_two=changed -x own
-n -o transport_maps=inline:{a=b} -o mydomain=q transport_maps mydomain
-o mydomain=over.test -hx mydestination
-o never_used=1 never_used
-o fresh=1 -o own=$fresh -x own
-o relayhost=a -o relayhost=b relayhost
-C builtin -n
-C user
-C user -x
-C service -n
-C user,service -n
-C all -n relayhost
-C Builtin,USER -nh
-n -- relayhost
relayhost -h
relayhost -o x=y
''
-C nonsense
-C builtin,nonsense
-nd
-hH relayhost
-n -d relayhost
-nX relayhost
-MF
-Mn
-Md
-Mh
-PF
-aA
-lm
-bt
-m -n
-b -n
-T run-version -n
-T run-version -T run-version
-T no-such-mode
-T run-version
-T public-key-algorithms
-FX smtp/inet/chroot
-F# smtp/inet/chroot
-P# smtp/inet/a
-eX a=b
-xe a=b
-fX a
-fe a=b
-he a=b
-o a=b -e c=d
-o a=b -d relayhost
-o novalue relayhost
-o =x relayhost
-e
-X
-#
~ other options exist: -z
~ other options exist: -o
~ other options exist: -n -c
'''

EDITS = r'''
-e relayhost=[new]
relayhost=[implied]
-e 'relayhost = spaced   value  '
-e relayhost=
-e relayhost= then -n relayhost
-e mydestination=one
-e zz_new=1
-e relayhost=x zz_new=1 myhostname=y.example.test then -n relayhost myhostname
-e zz_new=1 zz_new=2
-e own=$mydomain then -x own
-e 'smtp-amavis_destination_recipient_limit=1'
-e mail_name
-e 'a b=c'
-e =x
-e ''
-e '#relayhost=x'
-e 'relayhost=a\nmydomain=b'
-e relayhost=1 oops
relayhost=1 oops
oops relayhost=1
-e 'relayhost=#hash'
-e 'relayhost=a=b=c'
-X relayhost
-X mydestination
-X relayhost own then -n
-X no_such_name
-X ''
-X relayhost=
-X relayhost=x
-X '#relayhost'
-# relayhost
-# mydestination
-# mydestination own then -n
-# no_such_name
-# relayhost then -e relayhost=back then -n relayhost
-# relayhost=1
-# ''
-e relayhost=[x] then -# relayhost then -X own
-pe relayhost=5
-pX relayhost
'''

SERVICES = '''\
# services
smtp      inet  n       -       y       -       -       smtpd
submission inet n - n - - smtpd
  -o syslog_name=mail/submission
  # between
  -o { smtpd_banner = hello $mydomain }
  -o smtpd_helo_required=yes
127.0.0.1:10025 inet n - n - 10 smtpd
 -o relayhost= -o recipient_delimiter=$own_delimiter -v
smtp-amavis unix - - n - 2 smtp
    -o smtp_helo_timeout=30
relay     unix  -       -       n       60?       -       smtp -v
pickup    unix  n       -       n       60      1       pickup
dotted.name unix - n n - - pipe flags=DRhu user=vmail argv=/usr/bin/deliver -d ${recipient} --and-much-more-text=here
'''

SERVICES_MAIN = 'mydomain = example.test\nown_delimiter = +\n'

MASTER_SHOWS = '''\
-M
-Mf
-Mx
-Mfx
-M smtp
-M smtp/inet
-M smtp/unix
-M submission smtp
-M */unix
-M *
-M */*
-M 127.0.0.1:10025/inet
-M dotted.name
-Mf dotted.name/unix relay
-M nope
-M nope smtp/inet gone/unix
-M smtp/inet smtp
-M a/b/c
-M smt*
-M /inet
-M ''
-F
-Ff
-Fx submission
-F smtp
-F smtp/inet
-F smtp/inet/chroot
-F */*/process_limit
-F */inet/service */unix/wakeup
-Fh submission/inet/command
-FH submission/inet
-Ff submission/inet/command
-F smtp/inet/nonsense
-F nope
-F smtp/inet/chroot/x
-F /
-P
-Ph
-PH
-Px
-Pf
-P submission
-P submission/inet/smtpd_banner
-Px submission/inet/smtpd_banner
-P */*/relayhost
-P */inet
-P smtp/inet
-P submission/inet/nope
-P */*/nope
-P nope/inet smtp-amavis/unix/smtp_helo_timeout
-P a/b/c/d
-P ''
-o mydomain=over.test -Px submission
-o own_delimiter=- -Mx 127.0.0.1:10025/inet
-nh
smtp-amavis_destination_recipient_limit
-h relay_destination_concurrency_limit_none smtp-amavis_recipient_limit
smtp-amavis_time_limit dotted.name_time_limit pickup_recipient_limit
-C service
-C service -n
-C service -H
'''

MASTER_EDITS = r'''
-Me 'smtp/inet=smtp inet n - n - 5 smtpd -o {smtpd_banner = b c} -v'
-M 'new/unix=new unix - - n - - pipe flags=R user=x argv=/bin/foo a b'
-M 'new/unix = new unix - - n - - smtp' 'also/inet=also inet n - - - - smtpd -o relayhost=x'
-M 'smtp/inet=other inet n - n - - smtpd'
-M 'submission/inet=submission inet n - - - - smtpd' then -M submission
-M smtp/inet=
-M 'smtp/inet=bad line'
-M 'smtp/inet=smtp nope n - n - - smtpd'
-M 'smtp/inet=smtp inet q - n - - smtpd'
-M 'smtp/inet=smtp inet n - n x - smtpd'
-M 'smtp/inet=smtp inet n - n - x smtpd'
-Me smtp/inet
-Me smtp=x
-M 'smtp/inet=smtp inet n - n - - smtpd\n -o a=b'
-MX smtp/inet
-MX submission/inet
-MX */inet
-MX none/unix
-MX smtp
-MX smtp/inet=x
-M# submission/inet
-M# smtp/inet relay/unix
-M# none/unix
-M# smtp
-Fe smtp/inet/chroot=n
-Fe smtp/inet/chroot=n smtp/inet/wakeup=60 smtp/inet/process_limit=7
-Fe */unix/process_limit=9
-Fe 'smtp/inet/command=smtpd -o relayhost=y -v'
-Fe smtp/inet/service=2525
-F pickup/unix/wakeup=30?
-Fe smtp/inet/chroot=q
-Fe smtp/inet/wakeup=q
-Fe smtp/inet/type=q
-Fe none/inet/chroot=n
-Fe smtp/inet/nonsense=n
-Fe 'smtp/inet/chroot=a b'
-Fe smtp/inet/*=n
-Fe smtp/inet=n
-Pe smtp/inet/relayhost=new
-Pe relay/unix/smtp_helo_timeout=5 relay/unix/smtp_helo_name=x then -P relay
-P smtp-amavis/unix/smtp_helo_timeout=40
-P dotted.name/unix/relayhost=z
-Pe */inet/recipient_delimiter=-
-Pe 'smtp/inet/relayhost=a b'
-Pe smtp/inet/*=3
-Pe smtp/inet=3
-Pe none/inet/relayhost=3
-PX smtp-amavis/unix/smtp_helo_timeout
-PX 127.0.0.1:10025/inet/relayhost then -P 127.0.0.1:10025
-PX smtp/inet/nope
-PX none/inet/x
-PX smtp/inet
-PX smtp/inet/x=1
'''

# main.cf, as few lines as show the point, with the commands for it.
EXPANSIONS = [
    ('mail_version = 9.9\nsmtpd_banner = $mail_name $mail_version\nalias_maps = $alias_database\nmail_name = M\n',
     '-x smtpd_banner alias_maps then -h mail_version then -n then -xn'),
    ('relayhost = ${mydomain}$(mydomain)$mydomain\nmydomain = d.test\n', '-xn then -n'),
    ('mydomain = d.test\nrelayhost = ${mydomain?yes}${mydomain?{braced}}${mydomain:no}\n', '-xn'),
    ('mydomain =\nrelayhost = ${mydomain?yes}${mydomain:no}${mydomain:{braced no}}\n', '-xn'),
    ('mydomain = d.test\nrelayhost = ${mydomain?{[$mydomain]}:{none}}\n', '-xn'),
    ('mydomain =\nrelayhost = ${mydomain?{[$mydomain]}:{none}}\n', '-xn'),
    ('relayhost = ${{2} < {10} ? {numbers} : {text}}\n', '-xn'),
    ('relayhost = ${{a2} < {a10} ? {numbers} : {text}}\n', '-xn'),
    ('mydomain = x\nrelayhost = ${{$mydomain} == {x} ? {same} : {other}}\n', '-xn'),
    ('mydomain = x\nrelayhost = ${{$mydomain} != {x} ? {same} : {other}}\n', '-xn'),
    ('relayhost = ${{5} >= {5}?{ge}}${{5} <= {4}?{le}}${{6} > {5}?{gt}}\n', '-xn'),
    ('mydomain = d\nrelayhost = ${mydomain ? {spaced} : {out}}\n', '-xn'),
    ('~ a doubled dollar is no reference: mydomain = d\nrelayhost = a$$b$$$$c $mydomain\n', '-xn then -n'),
    ('a_b = 1\nrelayhost = $a_b.$a_b-$a_b/x\n', '-xn'),
    ('mydomain = d\nrelayhost = ${mydomain?${mydomain?{inner $mydomain}}}\n', '-xn'),
    ('one = $two\ntwo = $three\nthree = end\nrelayhost = $one\n', '-xn then one two three then -C user'),
    ('relayhost = $nobody ${nobody} $(nobody)\n', '-xn'),
    ('relayhost = ${nobody?x}${nobody:y}\n', '-xn'),
    ('orphan = $leaf\nleaf = 1\n', '-n then leaf orphan then -C user'),
]

BAD_MAIN = [
    ('nothing\n', '-n then -e relayhost=x'),
    ('relayhost\nmydomain = x\n', '-n'),
    ('= x\n', '-n'),
    ('a b = c\n', '-n'),
    ('relayhost = one\nrelayhost = two\n', '-n then relayhost then -d relayhost then -M then -# relayhost'),
    ('relayhost = one\n  more\nmydomain = x\nrelayhost = two\n   more\nrelayhost = three\n', '-n then -X relayhost'),
    ('relayhost = one\n# c\n\nmydomain=x\n\n#end\n', '-n then -e mydomain=y then -e relayhost=q'),
    ('relayhost = one\nmydomain = last', '-e mydomain=y'),
    ('#relayhost = commented\n # mydomain = commented\n', '-n then -e relayhost=x then -e mydomain=z'),
    ('', '-n then -e relayhost=x then -n'),
    ('\n\n   \n#only\n', '-n then -e relayhost=x'),
    ('relayhost=\ttab\tand  blanks   \n', '-n then -nf then -h relayhost'),
    ('relayhost = one\r\nmydomain = two\r\n', '-n'),
    ('RELAYHOST = up\nrelayhost = low\n', '-n'),
    ('smtpd_restriction_classes = strict, lax\nstrict = permit\nlax = permit\nloose = permit\n', 'strict then lax then loose'),
    ('~ the circle is shown: relayhost = $relayhost\n', '-x relayhost then relayhost'),
    ('~ the circle is shown: a_a = $b_b\nb_b = $a_a\nrelayhost = $a_a\n', '-x relayhost'),
    ('~ what is wrong is said: relayhost = ${foo\n', '-n then -x relayhost'),
    ('~ what is wrong is said: relayhost = ${foo!x}\n', '-n then -x relayhost'),
    ('~ what is wrong is said: relayhost = $ x\n', '-n then -x relayhost'),
    ('~ what is wrong is said: relayhost = ${{a} ~ {b}?{c}}\n', '-x relayhost'),
]

BAD_MASTER = [
    ('bad\n', '-M then -n then -F then -P'),
    ('smtp inet n - n - -\n', '-M'),
    (SMTP + '\n#c\nsmtp nope n - n - - smtpd\n', '-M then -n'),
    ('smtp inet q - n - - smtpd\n', '-M'),
    ('smtp inet n q n - - smtpd\n', '-M'),
    ('smtp inet n - q - - smtpd\n', '-M'),
    ('smtp inet n - n x - smtpd\n', '-M'),
    ('smtp inet n - n - x smtpd\n', '-M then -M smtp'),
    ('smtp inet n - n 5? 0 smtpd -vv -o relayhost=x\n', '-M then -P'),
    ('smtp inet n - n - - smtpd -o {no equals}\n', '-M then -P'),
    ('smtp inet n - n - - smtpd -o mydomain={b c}\n', '-M then -P then -Mf'),
    ('smtp inet n - n - - smtpd -o never_used=1\n', '-M then -P then -n'),
    ('smtp inet n - n - - smtpd -o relayhost=$nobody\n', '-Mx then -P'),
    ('smtp inet n - n - - smtpd -o inner=1 -o relayhost=$inner\n', '-Mx then -Px'),
    ('odd/name inet n - n - - smtpd\n', '-M'),
    ('smtp inet\n  n - n - - smtpd\nnext unix - - - - - smtp\n', '-M then -MX smtp/inet'),
    ('', '-M then -F then -P then -M smtp'),
    ('dup inet n - n - - smtpd\ndup inet n - y - - smtpd\n', '-M'),
    ('p unix - - n - - pipe flags=R\n s unix - - n - - x\n', '-M'),
    ('p unix - - n - - pipe\ns unix - - n - - spawn\nl unix - - n - - local\nv unix - - n - - virtual\ne unix - - n - - '
     'error\nm unix - - n - - lmtp\nq unix n - n - - qmgr\n', '-C service'),
    (None, '-n then -M'),
]

# main.cf, the file with templates (as texts beside main.cf), commands.
FOUR_TEMPLATES = '''\
# all four, for the built-in ones are each house's own
failure_template = <<EOF
Charset: us-ascii
From: MAILER-DAEMON (Mail Delivery System)
Subject: Undelivered
Postmaster-Subject: Copy of what was not delivered

Hello from $myhostname.

  $own_word ${maximal_queue_lifetime_hours} hours, ${nothing_set?never}${mydomain:none}
EOF

delay_template = <<END.OF.DELAY
From: MAILER-DAEMON (Mail Delivery System)
Subject: late
Postmaster-Subject: late, too

# this is text: $delay_warning_time_minutes of $maximal_queue_lifetime_days
END.OF.DELAY
success_template=<<EOF
charset: utf-8
FROM: <us@example.test>
subject: good news

 gr\u00fc\u00df
EOF
verify_template = <<EOF
From: us@example.test
Subject: as you asked


one line
EOF
'''
TEMPLATES_MAIN = '''\
myhostname = mail.example.test
mydomain = example.test
own_word = tried
nothing_set =
maximal_queue_lifetime = 3d
delay_warning_time = 2h
setgid_group = postdrop
'''
TEMPLATES = [
    (FOUR_TEMPLATES, '-t texts'),
    (FOUR_TEMPLATES, '-b texts'),
    (FOUR_TEMPLATES, '-e bounce_template_file=$config_directory/texts then -t then -b'),
    (FOUR_TEMPLATES, '-t texts texts then -b -n then -t -f texts'),
]
