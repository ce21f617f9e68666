package transform

// dateread.go answers: which instant does one value mean under one pattern? Next: lifecycle.go.

import (
	"strconv"
	"strings"
	"time"
)

// dateParts is what a pattern read out of a value.
type dateParts struct {
	year, month, day, dayOfYear, hour, minute, second, nanosecond int
	weekYear, week, weekday                                       int
	hasWeekYear, hasWeek, hasYear                                 bool
	halfDay                                                       int // 0 none, 1 AM, 2 PM
	clockHour                                                     bool
	offset                                                        int // seconds
}

// dateReader walks over a value.
type dateReader struct {
	text    string
	library dateLibrary
	strict  bool
	// mostYear is how many digits a year may have.
	mostYear int
	parts    dateParts
}

const (
	yearDigitsOfJoda  = 9
	yearDigitsOfNames = 5
)

// readEpoch reads a number. Measured: 7.0 keeps the fraction of a second, 6.8 cuts it off.
func readEpoch(value string, unit int64, library dateLibrary) (time.Time, bool) {
	whole, fraction, hasFraction := strings.Cut(value, ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || hasFraction && strings.Trim(fraction, "0123456789") != "" {
		return time.Time{}, false
	}
	instant := time.UnixMilli(n * unit)
	if parsed, err := strconv.ParseFloat("0."+fraction, 64); library == javaRules && hasFraction && err == nil && n >= 0 {
		instant = instant.Add(time.Duration(parsed * float64(unit) * float64(time.Millisecond)))
	}
	return instant, true
}

// readPattern reads a whole value, or refuses it.
func readPattern(elements []element, value string, library dateLibrary) (time.Time, error) {
	r := dateReader{text: value, library: library, parts: dateParts{year: 1970, month: 1, day: 1, week: 1, weekday: 1}}
	if len(elements) > 0 && elements[0].literal == strictMark {
		r.strict, elements = true, elements[1:]
	}
	r.mostYear = yearDigitsOfJoda
	if len(elements) > 0 && elements[0].literal == shortYearMark {
		r.mostYear, elements = yearDigitsOfNames, elements[1:]
	}
	for i, e := range elements {
		if !r.element(e, i+1 < len(elements) && isDigits(elements[i+1])) {
			return time.Time{}, errDateRefused
		}
	}
	if r.text != "" {
		return time.Time{}, errDateRefused
	}
	return r.parts.instant(library)
}

func isDigits(e element) bool {
	return numericField(e) || e.letter == 'S' || e.letter == 'u' || e.letter == 'w' || e.letter == 'e' || e.letter == 'x'
}

// element reads one element; adjacent says that digits of another follow at once.
func (r *dateReader) element(e element, adjacent bool) bool {
	p := &r.parts
	switch e.letter {
	case 0:
		rest, ok := cutPrefixFold(r.text, e.literal, r.library == jodaRules)
		r.text = rest
		return ok
	case 'y', 'Y', 'u':
		if e.letter == 'Y' && r.library == javaRules {
			p.hasWeekYear = true
			return r.year(e, adjacent, &p.weekYear)
		}
		p.hasYear = true
		return r.year(e, adjacent, &p.year)
	case 'x':
		if r.library == javaRules {
			return r.zone(e)
		}
		p.hasWeekYear, p.hasWeek = true, true
		return r.year(e, adjacent, &p.weekYear)
	case 'w':
		p.hasWeek = true
		return r.digits(e.count, 2, adjacent, &p.week)
	case 'e':
		if r.library == javaRules {
			return false // a localised day of the week, which ISO weeks can't be resolved with (measured)
		}
		return r.digits(e.count, 1, adjacent, &p.weekday)
	case 'M':
		if e.count >= 3 {
			return r.name(months[:], e.count, &p.month)
		}
		return r.digits(e.count, 2, adjacent, &p.month)
	case 'd':
		return r.digits(e.count, 2, adjacent, &p.day)
	case 'D':
		return r.digits(e.count, 3, adjacent, &p.dayOfYear)
	case 'E':
		var ignored int
		return r.name(weekdays[:], e.count, &ignored)
	case 'a':
		return r.name([]string{"AM", "PM"}, 2, &p.halfDay)
	case 'k':
		ok := r.digits(e.count, 2, adjacent, &p.hour)
		p.hour %= 24 // 24 is midnight, which H does not know
		return ok
	case 'H':
		return r.digits(e.count, 2, adjacent, &p.hour)
	case 'h', 'K':
		p.clockHour = true
		return r.digits(e.count, 2, adjacent, &p.hour)
	case 'm':
		return r.digits(e.count, 2, adjacent, &p.minute)
	case 's':
		return r.digits(e.count, 2, adjacent, &p.second)
	case 'S':
		return r.fraction(e.count)
	case 'C':
		var ignored int
		return r.library == jodaRules && r.digits(1, 9, adjacent, &ignored)
	case 'Z', 'X', 'V':
		return r.zone(e)
	}
	return false
}

func cutPrefixFold(s, prefix string, fold bool) (string, bool) {
	if len(s) < len(prefix) || s[:len(prefix)] != prefix && (!fold || !strings.EqualFold(s[:len(prefix)], prefix)) {
		return s, false
	}
	return s[len(prefix):], true
}

// digits reads a number: Joda takes from one to most digits, java.time as many as there are letters, but for one letter.
func (r *dateReader) digits(count, most int, adjacent bool, into *int) bool {
	least := 1
	if adjacent || r.strict {
		least, most = count, max(count, 1)
	} else if r.library == javaRules && count > 1 {
		least, most = count, count
	}
	end := 0
	for end < len(r.text) && end < most && r.text[end] >= '0' && r.text[end] <= '9' {
		end++
	}
	if end < least {
		return false
	}
	n, err := strconv.Atoi(r.text[:end])
	*into, r.text = n, r.text[end:]
	return err == nil
}

func (r *dateReader) year(e element, adjacent bool, into *int) bool {
	// Joda puts two digits within 50 years of thirty years ago; java.time into 2000 to 2099.
	const pivot, lastOf20, century = 2000, 2045, 100
	if e.count == 2 {
		before := r.text
		if !r.digits(2, 2, true, into) {
			return false
		}
		if r.library == jodaRules && len(r.text) > 0 && r.text[0] >= '0' && r.text[0] <= '9' && !adjacent {
			r.text = before
			return r.digits(1, r.mostYear, false, into)
		}
		if *into += pivot; r.library == jodaRules && *into > lastOf20 {
			*into -= century
		}
		return true
	}
	switch {
	case adjacent:
		return r.digits(e.count, e.count, true, into)
	case r.strict || r.library == javaRules && e.count >= 4:
		const yearDigits = 4
		if len(r.text) < yearDigits || len(strings.TrimLeft(r.text[:yearDigits], "0123456789")) > 0 {
			return false
		}
		if len(r.text) > yearDigits && r.text[yearDigits] >= '0' && r.text[yearDigits] <= '9' {
			return false // more than four digits need a sign
		}
		return r.digits(yearDigits, yearDigits, true, into)
	}
	negative := false
	if strings.HasPrefix(r.text, "-") {
		negative, r.text = true, r.text[1:]
	}
	ok := r.digits(1, r.mostYear, false, into)
	if negative {
		*into = -*into
	}
	return ok
}

var (
	months   = [...]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}
	weekdays = [...]string{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"}
)

func (r *dateReader) name(names []string, count int, into *int) bool {
	const short, full = 3, 4
	for i, name := range names {
		if count >= full || r.library == jodaRules {
			if rest, ok := cutPrefixFold(r.text, name, r.library == jodaRules); ok {
				*into, r.text = i+1, rest
				return true
			}
		}
		if count < full || r.library == jodaRules {
			if rest, ok := cutPrefixFold(r.text, name[:min(short, len(name))], r.library == jodaRules); ok {
				*into, r.text = i+1, rest
				return true
			}
		}
	}
	return false
}

// fraction reads at most so many digits (Joda), or exactly so many.
func (r *dateReader) fraction(count int) bool {
	const nanoDigits = 9
	end := 0
	for end < len(r.text) && end < count && r.text[end] >= '0' && r.text[end] <= '9' {
		end++
	}
	if end == 0 || r.library == javaRules && end != count {
		return false
	}
	digits := r.text[:min(end, nanoDigits)]
	n, err := strconv.Atoi(digits + strings.Repeat("0", nanoDigits-len(digits)))
	r.parts.nanosecond, r.text = n, r.text[end:]
	return err == nil
}

// zone reads an offset. Joda takes Z, +0900 and +09:00 for Z and ZZ; java.time one of them for each letter.
func (r *dateReader) zone(e element) bool {
	takesZ, takesPlain, takesColon := true, true, true
	if r.library == javaRules {
		switch {
		case e.letter == 'Z':
			takesZ, takesColon = false, e.count == 5
			takesPlain = e.count < 4
		case e.letter == 'X' || e.letter == 'x':
			takesZ, takesColon, takesPlain = e.letter == 'X', e.count == 3, e.count < 3
		}
	}
	if strings.HasPrefix(r.text, "Z") || r.library == jodaRules && strings.HasPrefix(r.text, "z") {
		r.text = r.text[1:]
		return takesZ
	}
	if e.letter == 'V' || e.letter == 'Z' && e.count >= 3 && r.library == jodaRules {
		if name := strings.TrimRight(r.text, " "); !strings.HasPrefix(name, "+") && !strings.HasPrefix(name, "-") {
			return false // zones with names are not read here
		}
	}
	const plain, colon = len("+0900"), len("+09:00")
	size := 0
	switch {
	case len(r.text) >= colon && r.text[3] == ':' && takesColon:
		size = colon
	case len(r.text) >= plain && r.text[3] != ':' && takesPlain:
		size = plain
	default:
		return false
	}
	written := r.text[:size]
	hours, err1 := strconv.Atoi(written[1:3])
	minutes, err2 := strconv.Atoi(written[size-2:])
	if err1 != nil || err2 != nil || written[0] != '+' && written[0] != '-' {
		return false
	}
	r.parts.offset = hours*3600 + minutes*60
	if written[0] == '-' {
		r.parts.offset = -r.parts.offset
	}
	r.text = r.text[size:]
	return true
}

// instant puts the parts together; parts that no calendar has are refused.
func (p dateParts) instant(library dateLibrary) (time.Time, error) {
	hour := p.hour
	if p.clockHour {
		hour %= 12
		if p.halfDay == 2 {
			hour += 12
		}
	}
	if p.month < 1 || p.month > 12 || p.day < 1 || p.day > 31 || hour > 23 || p.minute > 59 || p.second > 59 || p.dayOfYear > 366 {
		return time.Time{}, errDateRefused
	}
	day := time.Date(p.year, time.Month(p.month), p.day, 0, 0, 0, 0, time.UTC)
	switch {
	case p.dayOfYear > 0:
		day = time.Date(p.year, 1, p.dayOfYear, 0, 0, 0, 0, time.UTC)
	case p.hasWeek && library == jodaRules:
		// ISO: the week with 4 January is the first, and begins on a Monday.
		fourth := time.Date(p.weekYear, 1, 4, 0, 0, 0, 0, time.UTC)
		monday := fourth.AddDate(0, 0, -(int(fourth.Weekday())+6)%7)
		day = monday.AddDate(0, 0, (p.week-1)*7+p.weekday-1)
	case p.hasWeekYear:
		// Measured: month and day are ignored, and the week year begins on the Sunday before 1 January or on it.
		first := time.Date(p.weekYear, 1, 1, 0, 0, 0, 0, time.UTC)
		day = first.AddDate(0, 0, -int(first.Weekday()))
	case day.Day() != p.day:
		return time.Time{}, errDateRefused
	}
	return day.Add(time.Duration(hour)*time.Hour + time.Duration(p.minute)*time.Minute + time.Duration(p.second-p.offset)*time.Second + time.Duration(p.nanosecond)), nil
}
