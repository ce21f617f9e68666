package transform

// dateconvert.go answers: how does java.time write a format of Joda's, so that every value keeps its instant?
// Next: datecheck.go, which tries a value under both.
//
// What differs (measured on 6.8 and 7.10, rows 4-04 to 4-06):
//
//	letter   Joda                          java.time
//	Y        year of era                   week-based year: another day, and no error
//	y        year                          year of era: refused without an era by strict parsing
//	x, C     week year, century            offset, nothing
//	e, w     day of week, week of year     as localised week; ISO needs the named format
//	Z        +0900, +09:00 and Z alike     +0900 only
//	MM dd    one or two digits             exactly two
//	SSS      one to three digits           exactly three

import (
	"slices"
	"strings"
	"unicode"
)

// maxAlternatives bounds a||b||c: each is tried for each value.
const maxAlternatives = 24

// ConvertDateFormat converts a format of Elasticsearch up to 6.x (a name, a pattern, or several with || between) into one
// for 7.0 and OpenSearch. Notes say what can't be converted.
func ConvertDateFormat(format string) (converted string, notes []string) {
	if strings.HasPrefix(format, "8") {
		return strings.TrimPrefix(format, "8"), nil // 6.8 reads what follows by java.time already
	}
	var out []string
	add := func(pattern string) {
		for _, known := range out {
			if known == pattern {
				return
			}
		}
		out = append(out, pattern)
	}
	for _, alternative := range strings.Split(format, "||") {
		alternative = strings.TrimSpace(alternative)
		if name := snakeName(alternative); namedFormat(name) {
			add(name)
			continue
		}
		elements := datePattern(alternative)
		patterns, note := javaPatterns(elements)
		if note != "" {
			notes = append(notes, alternative+": "+note)
		}
		for _, pattern := range patterns {
			add(pattern)
		}
	}
	return strings.Join(out, "||"), notes
}

// element is a run of one letter, or a literal text.
type element struct {
	letter  byte
	count   int
	literal string
}

// datePattern splits a pattern as both libraries do: runs of letters, quoted texts, everything else literal.
func datePattern(pattern string) []element {
	var out []element
	for i := 0; i < len(pattern); {
		c := pattern[i]
		switch {
		case c == '\'':
			if i+1 < len(pattern) && pattern[i+1] == '\'' {
				out = append(out, element{literal: "'"})
				i += 2
				continue
			}
			end := i + 1
			var quoted strings.Builder
			for end < len(pattern) {
				if pattern[end] == '\'' {
					if end+1 < len(pattern) && pattern[end+1] == '\'' {
						quoted.WriteByte('\'')
						end += 2
						continue
					}
					break
				}
				quoted.WriteByte(pattern[end])
				end++
			}
			out = append(out, element{literal: quoted.String()})
			i = end + 1
		case c < unicode.MaxASCII && unicode.IsLetter(rune(c)):
			end := i
			for end < len(pattern) && pattern[end] == c {
				end++
			}
			out = append(out, element{letter: c, count: end - i})
			i = end
		default:
			out = append(out, element{literal: pattern[i : i+1]})
			i++
		}
	}
	return out
}

// weekDates are the patterns of ISO weeks, whose values java.time reads only by name.
var weekDates = map[string]string{"xxxx-'W'ww-e": "week_date", "xxxx-'W'ww": "weekyear_week", "xxxx'W'wwe": "basic_week_date", "xxxx": "weekyear"}

// javaPatterns gives the patterns that together read what one of Joda's read; the first one writes as it did.
func javaPatterns(elements []element) ([]string, string) {
	joda := writePattern(elements)
	if name, ok := weekDates[joda]; ok {
		return []string{name}, ""
	}
	strict, loose := make([]element, len(elements)), make([]element, len(elements))
	fraction, zone, shortYear, isLoose := -1, -1, -1, false
	for i, e := range elements {
		java := e
		switch e.letter {
		case 0:
		case 'Y', 'y':
			java.letter = 'u'
			if e.count == 2 {
				java.letter, shortYear = 'y', i
			} else if e.count < 4 && e.count != 1 {
				java.count = 4
			}
		case 'x':
			java.letter = 'Y'
		case 'C':
			return []string{joda}, "C (century) has no letter in java.time; the target refuses the format or its values"
		case 'S':
			fraction = i
		case 'Z':
			zone = i
			switch {
			case e.count == 1:
			case e.count == 2:
				java.letter, java.count = 'X', 3
			default:
				java.letter, java.count = 'V', 2
			}
		case 'K', 'k', 'h', 'H', 'm', 's', 'd', 'D', 'M', 'E', 'a', 'G', 'w', 'e', 'z':
		default:
			return []string{joda}, "the letter " + string(e.letter) + " has no meaning in Joda"
		}
		strict[i], loose[i] = java, java
		if numericField(e) && e.count > 1 && !touchesDigits(elements, i) && !(e.count == 2 && (e.letter == 'y' || e.letter == 'Y')) {
			loose[i].count = 1
			isLoose = true
		}
	}
	bases := [][]element{strict}
	if isLoose {
		bases = append(bases, loose)
	}
	if shortYear >= 0 && !touchesDigits(elements, shortYear) {
		for _, base := range slices.Clone(bases) { // Joda took years with four digits too
			full := slices.Clone(base)
			full[shortYear] = element{letter: 'u', count: 4}
			bases = append(bases, full)
		}
	}
	var patterns []string
	for _, base := range bases {
		for _, fractions := range fractionCounts(elements, fraction) {
			for _, offset := range offsets(elements, zone) {
				variant := slices.Clone(base)
				if fraction >= 0 {
					variant[fraction].count = fractions
				}
				if zone >= 0 {
					variant[zone] = offset
				}
				if len(patterns) < maxAlternatives {
					patterns = append(patterns, writePattern(variant))
				}
			}
		}
	}
	note := ""
	if shortYear >= 0 {
		note = "years of two digits from 46 on were 19xx, and are 20xx to java.time, which no pattern changes"
	}
	if strings.ContainsAny(joda, "we") && strings.Contains(joda, "x") {
		note = "weeks are counted by the locale in java.time; use week_date or weekyear_week where that differs"
	}
	return patterns, note
}

func numericField(e element) bool {
	switch e.letter {
	case 'M':
		return e.count <= 2
	case 'd', 'H', 'h', 'm', 's', 'K', 'k', 'y', 'Y', 'D':
		return true
	}
	return false
}

// touchesDigits says whether digits of another field follow or precede at once: then the count of digits divides them.
func touchesDigits(elements []element, i int) bool {
	digits := func(e element) bool {
		return numericField(e) || e.letter == 'S' || e.letter == 'w' || e.letter == 'e' || e.letter == 'x'
	}
	return i > 0 && digits(elements[i-1]) || i+1 < len(elements) && digits(elements[i+1])
}

// mostFractions is where ever shorter fractions begin: microseconds.
const mostFractions = 6

// fractionCounts: Joda reads up to so many digits, java.time exactly so many.
func fractionCounts(elements []element, at int) []int {
	if at < 0 {
		return []int{0}
	}
	counts := []int{elements[at].count}
	if at > 0 && numericField(elements[at-1]) {
		return counts
	}
	for n := min(elements[at].count-1, mostFractions); n >= 1; n-- {
		counts = append(counts, n)
	}
	return counts
}

// offsets: Joda's Z and ZZ read +0900, +09:00 and Z alike.
func offsets(elements []element, at int) []element {
	if at < 0 {
		return []element{{}}
	}
	plain, colon := element{letter: 'Z', count: 1}, element{letter: 'X', count: 3}
	switch elements[at].count {
	case 1:
		return []element{plain, colon}
	case 2:
		return []element{colon, plain}
	}
	return []element{{letter: 'V', count: 2}}
}

func writePattern(elements []element) string {
	var out strings.Builder
	for _, e := range elements {
		switch {
		case e.letter != 0:
			out.WriteString(strings.Repeat(string(e.letter), e.count))
		case strings.ContainsFunc(e.literal, unicode.IsLetter) || strings.ContainsAny(e.literal, "'[]{}#"):
			out.WriteString("'" + strings.ReplaceAll(e.literal, "'", "''") + "'")
		default:
			out.WriteString(e.literal)
		}
	}
	return out.String()
}

// snakeFormats writes the camel case names in a list of formats with underscores: Elasticsearch 8 refuses the others.
func snakeFormats(format string) string {
	parts := strings.Split(format, "||")
	for i, part := range parts {
		if name := snakeName(part); namedFormat(name) {
			parts[i] = name
		}
	}
	return strings.Join(parts, "||")
}

func snakeName(name string) string {
	var out strings.Builder
	for i, r := range name {
		if unicode.IsUpper(r) && i > 0 {
			out.WriteByte('_')
		}
		out.WriteRune(unicode.ToLower(r))
	}
	return out.String()
}

// namedFormat knows the formats that have a name since 1.x, with and without strict_.
func namedFormat(name string) bool {
	switch name {
	case "epoch_millis", "epoch_second", "iso8601", "rfc3339_lenient", "strict_date_optional_time_nanos":
		return true
	}
	name = strings.TrimPrefix(name, "strict_")
	base := strings.TrimPrefix(name, "basic_")
	switch base {
	case "date", "date_time", "date_time_no_millis", "ordinal_date", "ordinal_date_time", "ordinal_date_time_no_millis", "time", "time_no_millis", "t_time", "t_time_no_millis",
		"week_date", "week_date_time", "week_date_time_no_millis":
		return true
	}
	switch name {
	case "date_optional_time", "date_hour", "date_hour_minute", "date_hour_minute_second", "date_hour_minute_second_fraction", "date_hour_minute_second_millis",
		"hour", "hour_minute", "hour_minute_second", "hour_minute_second_fraction", "hour_minute_second_millis", "weekyear", "weekyear_week", "weekyear_week_day",
		"year", "year_month", "year_month_day", "week_year", "week_year_week", "week_year_week_day":
		return true
	}
	return false
}
