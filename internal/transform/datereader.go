package transform

// datereader.go answers: how is one format prepared so that very many values are read by it? Next: dateread.go, which
// reads one value by one pattern.

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/es"
)

// DateReader reads the values of one date field as a server reads them. It is safe for concurrent use.
type DateReader struct {
	alternatives []dateAlternative
	library      dateLibrary
	unknown      bool
	// iso says that the format begins with date_optional_time, for which there is a short way.
	iso bool
	// wholeEpochs says that a count since 1970 has digits only, as up to 5.x; 6.x takes any number (measured).
	wholeEpochs bool
}

// dateAlternative is one part of a||b: a pattern, or a count since 1970.
type dateAlternative struct {
	elements []element
	rules    dateLibrary
	epoch    int64
}

// defaultDates is the format of a date field that names none, since 2.0.
const defaultDates = "strict_date_optional_time||epoch_millis"

// NewDateReader prepares a format as a server reads it: by Joda up to 6.x, by java.time from 7.0 on. An empty format is
// the server's default.
func NewDateReader(format string, server es.Version) *DateReader {
	if format == "" {
		format = defaultDates
		if !server.AtLeast(2, 0) {
			format = "date_optional_time||epoch_millis"
		}
	}
	if server.AtLeast(7, 0) {
		return compileDates(format, javaRules)
	}
	r := compileDates(format, jodaRules)
	r.wholeEpochs = !server.AtLeast(6, 0)
	return r
}

func compileDates(format string, library dateLibrary) *DateReader {
	r := &DateReader{library: library}
	for i, alternative := range strings.Split(format, "||") {
		name := snakeName(alternative)
		r.iso = r.iso || i == 0 && strings.TrimPrefix(name, "strict_") == "date_optional_time"
		patterns, epoch, known := namedPatterns(name)
		if epoch > 0 {
			r.alternatives = append(r.alternatives, dateAlternative{epoch: epoch})
			continue
		}
		rules := library
		switch {
		case known:
			rules = jodaRules // named formats were made to read alike on both sides
		case namedFormat(name):
			r.unknown = true
			continue
		default:
			patterns = []string{alternative}
			if strings.HasPrefix(alternative, "8") {
				patterns, rules = []string{alternative[1:]}, javaRules
			}
		}
		for _, pattern := range patterns {
			if known && library == javaRules && !strings.HasPrefix(pattern, strictMark) {
				pattern = shortYearMark + pattern
			}
			r.alternatives = append(r.alternatives, dateAlternative{elements: datePattern(pattern), rules: rules})
		}
	}
	return r
}

// Read gives the instant of a value: the first alternative that fits decides. UnknownDate tells a refusal from a format
// that this program does not read.
func (r *DateReader) Read(value string) (time.Time, error) {
	if r.iso {
		if instant, ok := usualDate(value); ok {
			return instant, nil
		}
	}
	for _, alternative := range r.alternatives {
		if alternative.epoch > 0 {
			if instant, ok := readEpoch(value, alternative.epoch, r.library); ok && !(r.wholeEpochs && strings.Contains(value, ".")) {
				return instant, nil
			}
			if v, err := strconv.ParseFloat(value, 64); err == nil && r.library == jodaRules && !r.wholeEpochs && strings.ContainsAny(value, "eE") {
				return time.UnixMilli(int64(v) * alternative.epoch), nil
			}
			continue
		}
		if instant, err := readPattern(alternative.elements, value, alternative.rules); err == nil {
			return instant, nil
		}
	}
	if r.unknown {
		return time.Time{}, errDateUnknown
	}
	return time.Time{}, errDateRefused
}

// usualDate reads the form that nearly all dates have, 2006-01-02T15:04:05.999Z; all else goes the long way.
func usualDate(value string) (time.Time, bool) {
	const seconds = len("2006-01-02T15:04:05")
	if len(value) <= seconds || value[4] != '-' || value[7] != '-' || value[10] != 'T' || value[13] != ':' || value[16] != ':' {
		return time.Time{}, false
	}
	var numbers [6]int
	for i, span := range [...][2]int{{0, 4}, {5, 7}, {8, 10}, {11, 13}, {14, 16}, {17, 19}} {
		for _, digit := range []byte(value[span[0]:span[1]]) {
			if digit < '0' || digit > '9' {
				return time.Time{}, false
			}
			numbers[i] = numbers[i]*10 + int(digit-'0')
		}
	}
	rest, nanoseconds := value[seconds:], 0
	if rest[0] == '.' {
		scale, at := int(time.Second), 1
		for ; at < len(rest) && rest[at] >= '0' && rest[at] <= '9' && scale > 1; at++ {
			scale /= 10
			nanoseconds += int(rest[at]-'0') * scale
		}
		if at == 1 {
			return time.Time{}, false
		}
		rest = rest[at:]
	}
	const safeDay = 28 // later days are no days in some months
	if rest != "Z" || numbers[1] < 1 || numbers[1] > 12 || numbers[2] < 1 || numbers[2] > safeDay && !realDay(numbers[0], numbers[1], numbers[2]) || numbers[3] > 23 || numbers[4] > 59 || numbers[5] > 59 {
		return time.Time{}, false
	}
	return time.Date(numbers[0], time.Month(numbers[1]), numbers[2], numbers[3], numbers[4], numbers[5], nanoseconds, time.UTC), true
}

func realDay(year, month, day int) bool {
	return time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC).Day() == day
}

// UnknownDate says of an error of Read that nothing is known about the value.
func UnknownDate(err error) bool { return errors.Is(err, errDateUnknown) }

// FieldName is what the target must call a field of this name; another name means that it refuses the one given. root says
// that the field stands at the document's root, where the names of metadata are refused.
func FieldName(name string, root bool, target es.Version) string {
	return fitName(name, root, target, Choices{})
}

// BooleanOf is what a server up to 5.x took for the value of a boolean: the content of a text, or a number's literal.
func BooleanOf(content string) bool { return isTrue(content) }
