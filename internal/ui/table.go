package ui

// table.go answers: how does a table look? Next: names.go.

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Table is rows under headings. Columns whose heading begins with ">" are set to the right.
type Table struct {
	Title    string
	Headings []string
	Rows     [][]string
	// Footer is a last row, under a rule.
	Footer []string
}

// Table writes a table to the results, as text only.
func (v *View) Table(table Table) { v.Print(table.String()) }

// String draws the table.
func (t Table) String() string {
	var out strings.Builder
	if t.Title != "" {
		out.WriteString(t.Title + "\n")
	}
	widths := make([]int, len(t.Headings))
	headings := make([]string, len(t.Headings))
	right := make([]bool, len(t.Headings))
	for i, heading := range t.Headings {
		headings[i], right[i] = strings.CutPrefix(heading, ">")
	}
	rows := append([][]string{headings}, t.Rows...)
	if t.Footer != nil {
		rows = append(rows, t.Footer)
	}
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	rule := func() {
		for i, width := range widths {
			if i > 0 {
				out.WriteString("  ")
			}
			out.WriteString(strings.Repeat("─", width))
		}
		out.WriteString("\n")
	}
	for number, row := range rows {
		if number == 1 || t.Footer != nil && number == len(rows)-1 && number > 1 {
			rule()
		}
		var line strings.Builder
		for i, cell := range row {
			if i > 0 {
				line.WriteString("  ")
			}
			padding := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if right[i] {
				line.WriteString(padding + cell)
			} else {
				line.WriteString(cell + padding)
			}
		}
		out.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	return out.String()
}

// Count writes a number with thousands apart: 1,234,567.
func Count(number int64) string {
	text := fmt.Sprint(number)
	sign := ""
	if number < 0 {
		sign, text = "-", text[1:]
	}
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return sign + text
}

// Bytes writes a size: 12.3 MB, in powers of 1000 as storage is sold.
func Bytes(size int64) string {
	const step = 1000
	value, units := float64(size), []string{"B", "kB", "MB", "GB", "TB", "PB"}
	unit := 0
	for value >= step && unit < len(units)-1 {
		value /= step
		unit++
	}
	if unit == 0 {
		return fmt.Sprintf("%d B", size)
	}
	return fmt.Sprintf("%.1f %s", value, units[unit])
}
