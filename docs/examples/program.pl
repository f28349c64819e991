# SAME in two dimensions, over the worker protocol: perl program.pl REQUESTS_FD REPLIES_FD
use strict;
use warnings;

open(my $requests, '<&=', $ARGV[-2]) or die "no requests: $!";
open(my $replies, '>&=', $ARGV[-1]) or die "no replies: $!";
binmode $_ for $requests, $replies;

# Frames: length of header (uint32), length of payload (uint64), header (JSON), payload; all little-endian.

sub get {
    my ($n) = @_;
    my $bytes = '';
    while (length $bytes < $n) {
        sysread($requests, $bytes, $n - length $bytes, length $bytes) or exit 0;    # the end of the requests
    }
    return $bytes;
}

sub receive {
    my ($n_header, $n_payload) = unpack 'V Q<', get(12);
    my $text = get($n_header);
    return (value(\$text), get($n_payload));
}

sub put {
    my ($header, $payload) = @_;
    my $frame = pack('V Q<', length $header, length $payload) . $header . $payload;
    my $at = 0;
    $at += syswrite($replies, $frame, length($frame) - $at, $at) // die "no reply: $!" while $at < length $frame;
}

# Read a value of JSON; no text in a request has anything to unescape.
sub value {
    my ($text) = @_;
    if ($$text =~ /\G\s*\{/gc) {
        my %object;
        until ($$text =~ /\G\s*\}/gc) {
            my $key = value($text);
            $$text =~ /\G\s*:/gc;
            $object{$key} = value($text);
            $$text =~ /\G\s*,/gc;
        }
        return \%object;
    }
    if ($$text =~ /\G\s*\[/gc) {
        my @array;
        until ($$text =~ /\G\s*\]/gc) {
            push @array, value($text);
            $$text =~ /\G\s*,/gc;
        }
        return \@array;
    }
    return $1 if $$text =~ /\G\s*"([^"]*)"/gc or $$text =~ /\G\s*([-+.\w]+)/gc;
    die 'no JSON at ' . (pos($$text) // 0);
}

# The rule, axis by axis: output size, and elements padded before.
sub pads {
    my ($p, $axis) = @_;
    my ($n, $k, $s, $d) = map { $p->{$_}[$axis] } qw(size kernel stride dilation);
    my $out = int(($n + $s - 1) / $s);
    my $total = ($out - 1) * $s + ($k - 1) * $d + 1 - $n;
    return ($out, $total > 0 ? int($total / 2) : 0);
}

# Visit every element that a window reads: output position, tap, input position. Padding is not visited.
sub windows {
    my ($p, $visit) = @_;
    my ($rows, $above) = pads($p, 0);
    my ($columns, $left) = pads($p, 1);
    for my $b (0 .. $p->{batch} - 1) {
        for my $i (0 .. $rows - 1) {
            for my $j (0 .. $columns - 1) {
                for my $k (0 .. $p->{kernel}[0] - 1) {
                    my $y = $i * $p->{stride}[0] + $k * $p->{dilation}[0] - $above;
                    next if $y < 0 or $y >= $p->{size}[0];
                    for my $l (0 .. $p->{kernel}[1] - 1) {
                        my $x = $j * $p->{stride}[1] + $l * $p->{dilation}[1] - $left;
                        next if $x < 0 or $x >= $p->{size}[1];
                        my $out = ($b * $rows + $i) * $columns + $j;
                        $visit->($out, $k * $p->{kernel}[1] + $l, ($b * $p->{size}[0] + $y) * $p->{size}[1] + $x);
                    }
                }
            }
        }
    }
    return ($p->{batch}, $rows, $columns);
}

# Return the result with its last axis, the channels. Input (batch, *size, in), kernel (*kernel, in / groups, out).
sub conv {
    my ($p, $x, $kernel) = @_;
    my ($in, $out) = @{ $p->{channels} };
    my ($read, $written) = ($in / $p->{groups}, $out / $p->{groups});
    my @result;
    my @shape = windows($p, sub {
        my ($to, $tap, $from) = @_;
        for my $o (0 .. $out - 1) {
            for my $c (0 .. $read - 1) {
                my $channel = int($o / $written) * $read + $c;
                $result[$to * $out + $o] += $x->[$from * $in + $channel] * $kernel->[($tap * $read + $c) * $out + $o];
            }
        }
    });
    return ([@shape, $out], \@result, 0);
}

sub max_pool {
    my ($p, $x) = @_;
    my ($n) = @{ $p->{channels} };
    my @result;
    my @shape = windows($p, sub {
        my ($to, $tap, $from) = @_;
        for my $c (0 .. $n - 1) {
            my ($old, $new) = ($result[$to * $n + $c], $x->[$from * $n + $c]);
            $result[$to * $n + $c] = $new if not defined $old or $new > $old;
        }
    });
    return ([@shape, $n], \@result, '-inf');
}

my %ops = (conv => \&conv, max_pool => \&max_pool);
put(sprintf('{"type":"hello","protocol":1,"operands":true,"versions":{"perl":"%vd"}}', $^V), '');
while (1) {
    my ($request, $payload) = receive();
    my $p = $request->{parameters};
    my @operands;
    for my $operand (@{ $p->{operands} }) {
        my $n = 1;
        $n *= $_ for @{ $operand->{shape} };
        push @operands, [unpack "f<$n", substr $payload, 0, 4 * $n, ''];
    }
    my ($shape, $result, $fill) = $ops{ $p->{op} }->($p, @operands);
    my $n = 1;
    $n *= $_ for @$shape;
    my $array = pack 'f<*', map { $result->[$_] // $fill } 0 .. $n - 1;
    my $size = join ',', @$shape;
    put(qq({"type":"array","case":"$request->{case}","dtype":"float32","shape":[$size]}), $array);
}
