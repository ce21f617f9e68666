package transform

// composable.go answers: which legacy templates can become composable ones, and what do they look like then?
// Next: lifecycle.go.

import (
	"fmt"
	"path"
	"slices"
	"strconv"
)

// Composable turns legacy templates (bodies that the target takes, by name) into composable ones. Legacy templates add up
// where their patterns meet, and composable ones don't: those that may meet another stay legacy, each with a finding.
func Composable(legacy map[string][]byte) (composable map[string][]byte, findings []Finding, err error) {
	parsed := map[string]*object{}
	for name, body := range legacy {
		if parsed[name], err = parseObject(body); err != nil {
			return nil, nil, fmt.Errorf("template %s: %w", name, err)
		}
	}
	composable = map[string][]byte{}
	for _, name := range sortedKeys(parsed) {
		root := parsed[name]
		patterns := textsOf(root.get("index_patterns"))
		if meets := slices.IndexFunc(sortedKeys(parsed), func(other string) bool {
			return other != name && mayMeet(patterns, textsOf(parsed[other].get("index_patterns")))
		}); meets >= 0 {
			findings = append(findings, Finding{Rule: "composable", Severity: Info, Where: "template " + name,
				Message: "it stays a legacy template: its patterns meet those of " + sortedKeys(parsed)[meets] + ", and composable ones don't add up"})
			continue
		}
		inner := &object{}
		for _, part := range []string{"settings", "mappings", "aliases"} {
			if root.object(part).len() > 0 {
				inner.set(part, root.get(part))
			}
		}
		order, _ := strconv.Atoi(root.text("order"))
		now := newObject("index_patterns", texts(patterns...), "priority", number(aboveBuiltIn+max(order, 0)), "template", inner)
		if root.has("version") {
			now.set("version", root.get("version"))
		}
		composable[name] = appendValue(nil, now)
	}
	return composable, findings, nil
}

// aboveBuiltIn is added to a legacy template's order: the templates that servers bring, which would hide it, go up to 200.
const aboveBuiltIn = 500

// mayMeet says whether one name could match a pattern of both: exact where one has no wildcard, else by their beginnings.
func mayMeet(a, b []string) bool {
	for _, first := range a {
		for _, second := range b {
			if matched, err := path.Match(first, second); err != nil || matched {
				return true
			}
			if matched, err := path.Match(second, first); err != nil || matched {
				return true
			}
			i, j := beforeWildcard(first), beforeWildcard(second)
			if i < len(first) && j < len(second) {
				shorter := min(i, j)
				if first[:shorter] == second[:shorter] {
					return true
				}
			}
		}
	}
	return false
}

func beforeWildcard(pattern string) int {
	for i := range len(pattern) {
		if pattern[i] == '*' || pattern[i] == '?' {
			return i
		}
	}
	return len(pattern)
}
