package main

// page.go answers: what does docs/scale.md say? Its words are in scale.md.tmpl, its numbers were measured.

import (
	"bytes"
	_ "embed"
	"os"
	"text/template"
)

//go:embed scale.md.tmpl
var pageText string

// page is what the words draw on.
type page struct {
	*measured
	Scenario scenario
	Forecast string
	// Most is the largest crowd.
	Most Crowd
	// MostBodies may be under way at once, and Asked times a second are the target's nodes asked for their load.
	MostBodies int
	Asked      float64
}

// bodiesMost and watchSeconds are those of internal/load (mostBodies, watchEvery).
const bodiesMost, watchSeconds = 16, 5

func writePage(path string, wanted scenario, m *measured) error {
	made, err := template.New("scale.md").Funcs(template.FuncMap{
		"million": func(n int64) float64 { return float64(n) / 1e6 },
		"mib":     func(n int64) float64 { return float64(n) / (1 << 20) },
		"per":     func(a, b any) float64 { return number(a) / number(b) },
	}).Parse(pageText)
	if err != nil {
		return err
	}
	content := page{measured: m, Scenario: wanted, Forecast: wanted.table(m), MostBodies: bodiesMost * wanted.Workers, Asked: float64(wanted.Workers) / watchSeconds}
	for _, crowd := range m.Crowds {
		if crowd.Workers > content.Most.Workers {
			content.Most = crowd
		}
	}
	var text bytes.Buffer
	if err := made.Execute(&text, content); err != nil {
		return err
	}
	return os.WriteFile(path, text.Bytes(), 0o644)
}

func number(n any) float64 {
	switch n := n.(type) {
	case int:
		return float64(n)
	case int64:
		return float64(n)
	case float64:
		return n
	}
	return 0
}
