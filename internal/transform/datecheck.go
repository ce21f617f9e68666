package transform

// datecheck.go answers: does a value under its old format and under its new one mean the same instant? Both libraries are
// read here as real servers were measured. Next: datereader.go, which prepares a format for many values.

import (
	"errors"
	"strings"
	"time"
)

// DateCheck is the answer of a dry run for one value.
type DateCheck struct {
	// Format is the new format.
	Format string
	// Old and New are what the source stored and what the target would store.
	Old, New time.Time
	// OldErr and NewErr say that a side refuses the value.
	OldErr, NewErr error
	// Unknown says that a format is one that this program does not read: nothing was checked.
	Unknown bool
}

// Same says whether the target stores what the source did, or both refuse.
func (c DateCheck) Same() bool {
	if c.Unknown {
		return false
	}
	if c.OldErr != nil || c.NewErr != nil {
		return c.OldErr != nil && c.NewErr != nil
	}
	return c.Old.Equal(c.New)
}

var (
	errDateRefused = errors.New("the value does not fit the format")
	errDateUnknown = errors.New("a format that is not read here")
)

// Check converts a format of Elasticsearch up to 6.x and tries a value under both.
func Check(format, value string) DateCheck {
	converted, _ := ConvertDateFormat(format)
	return CheckFormats(format, converted, value)
}

// CheckFormats tries a value under a format up to 6.x and under one from 7.0 on.
func CheckFormats(old, converted, value string) DateCheck {
	c := DateCheck{Format: converted}
	c.Old, c.OldErr = readDate(old, value, jodaRules)
	c.New, c.NewErr = readDate(converted, value, javaRules)
	c.Unknown = errors.Is(c.OldErr, errDateUnknown) || errors.Is(c.NewErr, errDateUnknown)
	return c
}

// dateLibrary is one of the two ways to read a pattern.
type dateLibrary int

const (
	jodaRules dateLibrary = iota
	javaRules
)

// readDate reads a value under a format that is used once.
func readDate(format, value string, library dateLibrary) (time.Time, error) {
	return compileDates(format, library).Read(value)
}

// namedPatterns writes the named formats as patterns of Joda; epoch is the number of milliseconds in one unit.
func namedPatterns(name string) (patterns []string, epoch int64, known bool) {
	const second = 1000
	switch name {
	case "epoch_millis":
		return nil, 1, true
	case "epoch_second":
		return nil, second, true
	case "strict_date_optional_time", "date_optional_time", "iso8601":
		days := []string{"yyyy-MM-dd", "yyyy-MM", "yyyy"}
		out := append([]string{}, days...)
		for _, clock := range []string{"HH", "HH:mm", "HH:mm:ss", "HH:mm:ss.SSSSSSSSS"} {
			out = append(out, "yyyy-MM-dd'T'"+clock, "yyyy-MM-dd'T'"+clock+"Z")
		}
		if strings.HasPrefix(name, "strict_") {
			for i := range out {
				out[i] = strictMark + out[i]
			}
		}
		return out, 0, true
	}
	strict := strings.HasPrefix(name, "strict_")
	pattern, ok := map[string]string{"date": "yyyy-MM-dd", "year_month_day": "yyyy-MM-dd", "year_month": "yyyy-MM", "year": "yyyy", "basic_date": "yyyyMMdd", "date_time": "yyyy-MM-dd'T'HH:mm:ss.SSSSSSSSSZ",
		"date_time_no_millis": "yyyy-MM-dd'T'HH:mm:ssZ", "basic_date_time": "yyyyMMdd'T'HHmmss.SSSSSSSSSZ", "basic_date_time_no_millis": "yyyyMMdd'T'HHmmssZ", "date_hour_minute_second": "yyyy-MM-dd'T'HH:mm:ss",
		"date_hour_minute": "yyyy-MM-dd'T'HH:mm", "date_hour": "yyyy-MM-dd'T'HH", "hour_minute_second": "HH:mm:ss", "hour_minute": "HH:mm", "week_date": "xxxx-'W'ww-e", "ordinal_date": "yyyy-DDD",
		"weekyear": "xxxx", "weekyear_week": "xxxx-'W'ww", "basic_week_date": "xxxx'W'wwe"}[strings.TrimPrefix(name, "strict_")]
	if !ok {
		return nil, 0, false
	}
	if strict {
		pattern = strictMark + pattern
	}
	return []string{pattern}, 0, true
}

// strictMark begins a pattern whose fields must have all their digits.
const strictMark = "\x00"

// shortYearMark begins a named format as java.time reads it: years have at most five digits, where Joda took nine.
const shortYearMark = "\x01"
