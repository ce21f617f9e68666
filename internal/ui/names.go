package ui

// names.go answers: how are many names told in one line? Next: progress.go.

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// namesMost is how many names stand in a line.
const namesMost = 4

var digits = regexp.MustCompile(`[0-9]+`)

// Names writes a list of names for people: those that differ in numbers only, as daily indices do, become one pattern, and
// of many the first few are told with how many there are more. JSON has them all.
func Names(names []string) string {
	var skeletons []string
	members := map[string][]string{}
	for _, name := range names {
		skeleton := digits.ReplaceAllString(name, "0")
		if members[skeleton] == nil {
			skeletons = append(skeletons, skeleton)
		}
		if !slices.Contains(members[skeleton], name) {
			members[skeleton] = append(members[skeleton], name)
		}
	}
	var told []string
	more := 0
	for _, skeleton := range skeletons {
		switch alike := members[skeleton]; {
		case len(told) == namesMost && len(skeletons) > namesMost+1:
			more += len(alike)
		case len(alike) == 1:
			told = append(told, alike[0])
		default:
			told = append(told, fmt.Sprintf("%s (%d)", pattern(alike), len(alike)))
		}
	}
	line := strings.Join(told, ", ")
	if more > 0 {
		line += fmt.Sprintf(" and %s more", Count(int64(more)))
	}
	return line
}

// pattern puts a star where the numbers of names of one form differ.
func pattern(names []string) string {
	numbers := digits.FindAllString(names[0], -1)
	for _, name := range names[1:] {
		for i, number := range digits.FindAllString(name, -1) {
			if numbers[i] != number {
				numbers[i] = "*"
			}
		}
	}
	at := -1
	return digits.ReplaceAllStringFunc(names[0], func(string) string {
		at++
		return numbers[at]
	})
}
