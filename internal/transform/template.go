package transform

// template.go answers: what must an index template say so that the target takes it? Next: composable.go.

import (
	"encoding/json"
	"fmt"

	"github.com/hikkoshi/hikkoshi/internal/es"
)

// TemplatePlan is what becomes of one template.
type TemplatePlan struct {
	Body     []byte
	Changes  []Change
	Findings []Finding
}

// Template rewrites the body of GET _template/NAME for the target. A zero source is guessed from what the body says.
func Template(name string, body []byte, source, target es.Version, choices Choices) (TemplatePlan, error) {
	root, err := parseObject(body)
	if err != nil {
		return TemplatePlan{}, fmt.Errorf("template %s: %w", name, err)
	}
	if source.IsZero() {
		source = guessSource(root)
	}
	in := IndexInput{Name: name, Created: source}
	if settings := root.object("settings"); settings != nil {
		in.Settings = rawMembers(settings)
	}
	mappings := root.object("mappings")
	if mappings != nil {
		in.Mappings = appendValue(nil, mappings)
	}
	if aliases := root.object("aliases"); aliases != nil {
		in.Aliases = rawMembers(aliases)
	}
	choices.Types, choices.Names = typesJoin, nil // one template can't make two indices
	d, err := newDraft(in, source, target, choices)
	if err != nil {
		return TemplatePlan{}, fmt.Errorf("template %s: %w", name, err)
	}
	d.template = true
	if d.defaults == nil && len(d.types) > 1 && target.AtLeast(6, 0) {
		d.rule = &Rule{Name: "es6_template"}
		d.found(Warning, "template "+name, "it maps several types, of which the target has one: they are united", "write a template for each index where they were split")
	}
	if err := d.applyRules(); err != nil {
		return TemplatePlan{}, fmt.Errorf("template %s: %w", name, err)
	}
	for _, rule := range Rules() {
		if rule.root != nil && rule.reaches(target) {
			d.rule = &rule
			rule.root(d, root)
		}
	}
	now, err := parseObject(d.createBody(d.targets()[0]))
	if err != nil {
		return TemplatePlan{}, fmt.Errorf("template %s: %w", name, err)
	}
	for _, part := range []string{"settings", "mappings", "aliases"} {
		switch {
		case now.has(part):
			root.set(part, now.get(part))
		case root.object(part).len() > 0:
			root.set(part, &object{})
		}
	}
	root.delete("warmers")
	return TemplatePlan{Body: appendValue(nil, root), Changes: d.changes, Findings: d.findings}, nil
}

func rawMembers(o *object) map[string]json.RawMessage {
	members := map[string]json.RawMessage{}
	o.each(func(key string, v value) { members[key] = appendValue(nil, v) })
	return members
}

// guessSource tells the version by what only it could say.
func guessSource(root *object) es.Version {
	switch {
	case holdsType(root.get("mappings"), "string"):
		return elasticsearch(2, 3)
	case root.has("template"):
		return elasticsearch(5, 5)
	case root.object("mappings").len() > 0 && !root.object("mappings").has("properties") && !root.object("mappings").has("dynamic_templates"):
		return elasticsearch(6, 8)
	}
	return elasticsearch(7, 10)
}

func holdsType(v value, kind string) bool {
	switch v := v.(type) {
	case *object:
		if v.text("type") == kind {
			return true
		}
		for _, key := range v.keys {
			if holdsType(v.get(key), kind) {
				return true
			}
		}
	case list:
		for _, item := range v {
			if holdsType(item, kind) {
				return true
			}
		}
	}
	return false
}

// InWords is a change in one line.
func InWords(change Change) string {
	switch {
	case change.New == "":
		return change.Where + ": " + change.Old + " dropped: " + change.Why
	case change.Old == "":
		return change.Where + ": " + change.New + ": " + change.Why
	}
	return change.Where + ": " + change.Old + " becomes " + change.New + ": " + change.Why
}
