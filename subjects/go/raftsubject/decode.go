package raftsubject

import (
	"bytes"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// A decoder goes once through the JSON of one line. The caller calls the method for the value that it expects, in the
// order of the line. After the first mistake every method gives nothing, and err has the mistake.
type decoder struct {
	line []byte
	at   int
	err  error
	// An object or array has just begun: no comma comes before its first element.
	fresh bool
	// Where strings with escapes are put together.
	scratch []byte
}

// reset begins a line.
func (d *decoder) reset(line []byte) {
	d.line, d.at, d.err, d.fresh = line, 0, nil, false
}

func (d *decoder) fail(expected string) {
	if d.err != nil {
		return
	}
	rest := d.line[d.at:]
	if len(rest) > 20 {
		rest = rest[:20]
	}
	d.err = fmt.Errorf("expected %s at byte %d, found %q", expected, d.at, rest)
}

// peek skips white space and gives the next byte, 0 at the end.
func (d *decoder) peek() byte {
	for d.at < len(d.line) {
		c := d.line[d.at]
		if c > ' ' {
			return c
		}
		d.at++
	}
	return 0
}

// open begins an object or an array.
func (d *decoder) open(bracket byte) {
	if d.err == nil && d.peek() == bracket {
		d.at++
		d.fresh = true
		return
	}
	d.fail(string(rune(bracket)))
}

// more says whether another element comes before this bracket, and passes the comma, or the bracket.
func (d *decoder) more(bracket byte) bool {
	if d.err != nil {
		return false
	}
	fresh := d.fresh
	d.fresh = false
	switch c := d.peek(); {
	case c == bracket:
		d.at++
		return false
	case fresh:
		return true
	case c == ',':
		d.at++
		return true
	default:
		d.fail("a comma or " + string(rune(bracket)))
		return false
	}
}

// key gives the name of an object's next field, good until the next key or text, and passes the colon.
func (d *decoder) key() []byte {
	name := d.rawText()
	if d.err == nil && d.peek() != ':' {
		d.fail("a colon")
		return nil
	}
	d.at++
	return name
}

// null passes a null, and says whether there was one.
func (d *decoder) null() bool {
	if d.err == nil && d.peek() == 'n' && bytes.HasPrefix(d.line[d.at:], []byte("null")) {
		d.at += len("null")
		return true
	}
	return false
}

// number is a whole number from 0 to 2⁶⁴-1. null is 0.
func (d *decoder) number() uint64 {
	if d.err != nil || d.null() {
		return 0
	}
	d.peek()
	var value uint64
	start := d.at
	for d.at < len(d.line) {
		digit := d.line[d.at] - '0'
		if digit > 9 {
			break
		}
		if d.at-start >= 19 { // only from here on it may be too much
			return d.longNumber(start)
		}
		value = value*10 + uint64(digit)
		d.at++
	}
	if d.at == start || d.at < len(d.line) && isNumber(d.line[d.at]) {
		d.at = start
		d.fail("a whole number")
		return 0
	}
	return value
}

func (d *decoder) longNumber(start int) uint64 {
	end := start
	for end < len(d.line) && isNumber(d.line[end]) {
		end++
	}
	value, err := strconv.ParseUint(string(d.line[start:end]), 10, 64)
	if err != nil {
		d.at = start
		d.fail("a whole number below 2^64")
		return 0
	}
	d.at = end
	return value
}

// isNumber: the byte may be part of a number.
func isNumber(c byte) bool {
	return c >= '0' && c <= '9' || c == '.' || c == 'e' || c == 'E' || c == '+' || c == '-'
}

// optional is a number or null.
func (d *decoder) optional() *uint64 {
	if d.null() {
		return nil
	}
	value := d.number()
	return &value
}

func (d *decoder) boolean() bool {
	if d.err != nil || d.null() {
		return false
	}
	d.peek()
	for _, word := range [...]string{"true", "false"} {
		if bytes.HasPrefix(d.line[d.at:], []byte(word)) {
			d.at += len(word)
			return word == "true"
		}
	}
	d.fail("true or false")
	return false
}

// numbers is an array of numbers; nil if it is empty.
func (d *decoder) numbers() []uint64 {
	if d.null() {
		return nil
	}
	var values []uint64
	for d.open('['); d.more(']'); {
		values = append(values, d.number())
	}
	return values
}

// text is a string. null is the empty one.
func (d *decoder) text() string {
	if d.null() {
		return ""
	}
	return string(d.rawText())
}

// rawText is a string that is good until the next one.
func (d *decoder) rawText() []byte {
	if d.err != nil {
		return nil
	}
	if d.peek() != '"' {
		d.fail("a text")
		return nil
	}
	start := d.at + 1
	for i := start; i < len(d.line); i++ {
		switch c := d.line[i]; {
		case c == '"':
			d.at = i + 1
			return d.line[start:i]
		case c == '\\':
			return d.escapedText(start, i)
		case c < ' ':
			d.at = i
			d.fail("no control character in a text")
			return nil
		}
	}
	d.fail("the end of a text")
	return nil
}

// escapedText is a string that begins at start, and has its first escape at i.
func (d *decoder) escapedText(start, i int) []byte {
	text := append(d.scratch[:0], d.line[start:i]...)
	for i < len(d.line) {
		c := d.line[i]
		if c == '"' {
			d.at, d.scratch = i+1, text
			return text
		}
		if c < ' ' {
			break
		}
		if c != '\\' {
			text = append(text, c)
			i++
			continue
		}
		if i+1 == len(d.line) {
			break
		}
		escape := d.line[i+1]
		if place := bytes.IndexByte([]byte(`"\/bfnrt`), escape); place >= 0 {
			text = append(text, "\"\\/\b\f\n\r\t"[place])
			i += 2
			continue
		}
		r, size := escapedRune(d.line[i:])
		if size == 0 {
			break
		}
		text = utf8.AppendRune(text, r)
		i += size
	}
	d.at = i
	d.fail("the rest of a text")
	return nil
}

// escapedRune reads a \uXXXX, or two of them that are one character, and gives their length; 0 if it is none. Half
// of a pair is U+FFFD.
func escapedRune(b []byte) (rune, int) {
	r, ok := hexRune(b)
	if !ok {
		return 0, 0
	}
	if !utf16.IsSurrogate(r) {
		return r, 6
	}
	if second, ok := hexRune(b[6:]); ok {
		if pair := utf16.DecodeRune(r, second); pair != utf8.RuneError {
			return pair, 12
		}
	}
	return utf8.RuneError, 6
}

func hexRune(b []byte) (rune, bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	value, err := strconv.ParseUint(string(b[2:6]), 16, 16)
	return rune(value), err == nil
}

// skip passes a value, whatever it is, and gives its bytes, good as long as the line.
func (d *decoder) skip() []byte {
	if d.err != nil {
		return nil
	}
	d.peek()
	start := d.at
	depth := 0
	for {
		switch c := d.peek(); c {
		case '{', '[':
			depth++
			d.at++
		case '}', ']':
			depth--
			d.at++
		case ',', ':':
			d.at++
		case '"':
			d.rawText()
		default:
			d.word()
		}
		if d.err != nil {
			return nil
		}
		if depth <= 0 {
			return d.line[start:d.at]
		}
	}
}

// word passes true, false, null or any number.
func (d *decoder) word() {
	start := d.at
	for d.at < len(d.line) {
		c := d.line[d.at]
		if !isNumber(c) && (c < 'a' || c > 'z') {
			break
		}
		d.at++
	}
	if d.at == start {
		d.fail("a value")
	}
}

// end is the end of the line.
func (d *decoder) end() {
	if d.err == nil && d.peek() != 0 {
		d.fail("the end of the line")
	}
}
