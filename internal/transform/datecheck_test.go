package transform

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
)

// The rows are what real servers stored: 6.8.23 by Joda and 7.10.2 by java.time, from the shared matrix of probes.
func TestDatesAreReadAsRealServersReadThem(t *testing.T) {
	t.Parallel()
	matrix := shared(t, "compat-matrix.json")
	if matrix == nil {
		t.Skip("the matrix of probes does not lie beside the module")
	}
	indexed := regexp.MustCompile(`indexed=(-?[0-9]+)`)
	checked := 0
	gjson.GetBytes(matrix, "probes").ForEach(func(_, probe gjson.Result) bool {
		format, value, ok := strings.Cut(probe.Get("name").String(), " <- ")
		if probe.Get("theme").String() != "date format" || !ok || format == "None" || format == "not_a_format!" {
			return true
		}
		value = strings.Trim(value, "'")
		checked++
		for version, library := range map[string]dateLibrary{`6\.8\.23`: jodaRules, `7\.10\.2`: javaRules} {
			want := ""
			if match := indexed.FindStringSubmatch(probe.Get("val." + version).String()); match != nil {
				want = match[1]
			}
			if library == jodaRules && probe.Get("r."+version).String() == "400" && !strings.ContainsAny(format, "uX") {
				want = ""
			} else if library == jodaRules && strings.ContainsAny(format, "uX") && !strings.HasPrefix(format, "8") {
				continue // letters of java.time, which Joda does not know
			}
			instant, err := readDate(format, value, library)
			got := ""
			if err == nil {
				got = strconv.FormatInt(instant.UnixMilli(), 10)
			} else if errors.Is(err, errDateUnknown) {
				continue
			}
			if got != want {
				t.Errorf("%s: %s of %q: %q, the server stored %q", strings.ReplaceAll(version, `\`, ""), format, value, got, want)
			}
		}
		return true
	})
	if checked < 30 {
		t.Errorf("only %d probes", checked)
	}
}

func TestNoConvertedFormatStoresAnotherInstant(t *testing.T) {
	t.Parallel()
	formats := []string{"YYYY-MM-dd", "yyyy-MM-dd", "YYYY-MM-dd HH:mm:ss", "dd/MMM/yyyy:HH:mm:ss Z", "EEE MMM dd HH:mm:ss Z yyyy", "yyyy-MM-dd'T'HH:mm:ssZ", "yyyy-MM-dd'T'HH:mm:ss.SSSZZ", "yyyyMMdd", "yyyyMMddHHmmss",
		"xxxx-'W'ww-e", "yy-MM-dd", "yyyy-DDD", "HH:mm:ss", "yyyy-MM-dd hh:mm:ss a", "yyyy-MM-dd HH:mm:ss,SSS", "YYYY/MM/dd||YYYYMMdd", "yyyy-MM-dd'T'HH:mm:ss.SSSSSSZ", "dateOptionalTime||epoch_millis", "basicDate", "d.M.yyyy", "MMM d, yyyy"}
	years, accepted := []int{1999, 2014, 2015, 2016, 2020, 2024}, 0
	for _, format := range formats {
		for _, year := range years {
			for _, monthDay := range []string{"12-31", "01-01", "12-28", "06-07", "6-7"} {
				month, day, _ := strings.Cut(monthDay, "-")
				monthNumber, _ := strconv.Atoi(month)
				for _, value := range []string{
					fmt.Sprintf("%d-%s-%s", year, month, day), fmt.Sprintf("%d-%s-%s 08:09:10", year, month, day), fmt.Sprintf("%d%s%s", year, month, day), fmt.Sprintf("%d%s%s080910", year, month, day),
					fmt.Sprintf("%s/%s/%d:08:09:10 +0900", day, months[monthNumber-1][:3], year), fmt.Sprintf("Sun %s %s 08:09:10 +0000 %d", months[monthNumber-1][:3], day, year),
					fmt.Sprintf("%d-%s-%sT08:09:10Z", year, month, day), fmt.Sprintf("%d-%s-%sT08:09:10+09:00", year, month, day), fmt.Sprintf("%d-%s-%sT08:09:10.1+0900", year, month, day), fmt.Sprintf("%d-%s-%sT08:09:10.123456Z", year, month, day),
					fmt.Sprintf("%d-W23-7", year), fmt.Sprintf("%02d-%s-%s", year%100, month, day), fmt.Sprintf("%d-158", year), "08:09:10", fmt.Sprintf("%d-%s-%s 08:09:10 PM", year, month, day),
					fmt.Sprintf("%d-%s-%s 08:09:10,5", year, month, day), fmt.Sprintf("%d/%s/%s", year, month, day), fmt.Sprintf("%s.%s.%d", day, month, year), fmt.Sprintf("%s %s, %d", months[monthNumber-1][:3], day, year), "1433664550000",
				} {
					c := Check(format, value)
					if c.OldErr != nil {
						continue
					}
					accepted++
					if format == "yy-MM-dd" && c.Old.Year() == 1999 && c.New.Year() == 2099 {
						continue // said by a note, since no pattern of java.time can help
					}
					if c.Old.Year() > 9999 {
						continue // a run of digits that Joda took for a year; TestAFormatLeft… holds that Check tells
					}
					if !c.Same() {
						t.Errorf("%s of %q was %v; %s gives %v %v", format, value, c.Old, c.Format, c.New, c.NewErr)
					}
				}
			}
		}
	}
	if accepted < 500 {
		t.Errorf("only %d values were dates at all", accepted)
	}
}

func TestAFormatLeftAsItWasIsCaughtStoringAnotherDay(t *testing.T) {
	t.Parallel()
	if c := CheckFormats("YYYY-MM-dd", "YYYY-MM-dd", "2015-06-07"); c.Same() || c.New.Format("2006-01-02") != "2014-12-28" {
		t.Errorf("%+v", c)
	}
	if c := Check("dateOptionalTime||basicDate", "20150607"); c.Same() || c.New.Year() != 2015 {
		t.Errorf("%+v", c)
	}
}
