package transform

// index.go answers: what becomes of one index on the target? Next: rule.go.

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/hikkoshi/hikkoshi/internal/es"
)

// IndexInput is one index as the source shows it.
type IndexInput struct {
	Name string
	// Created is the version that created the index; zero means the source's own.
	Created es.Version
	// Settings are flat ("index.number_of_shards"), as GET _settings?flat_settings=true gives them.
	Settings map[string]json.RawMessage
	// Mappings is what GET _mapping gives under "mappings": by type up to 6.x, {"properties"} later.
	Mappings json.RawMessage
	// Aliases are by name, as GET _alias gives them.
	Aliases map[string]json.RawMessage
}

// IndexPlan is what becomes of one index.
type IndexPlan struct {
	Targets  []TargetIndex
	Changes  []Change
	Findings []Finding
}

// TargetIndex is one index to be created on the target.
type TargetIndex struct {
	Name string
	// Body creates the index: settings, mappings and aliases in the target's dialect.
	Body []byte
	// Types are the source's types whose documents go there; empty where the source has none.
	Types []string
	// Type is the type's name on the target; empty from 7.0 on, where there is none to name, and before 6.0 where several
	// types share the index and each document keeps its own.
	Type string
	// Split says that a rule of migration.yaml sends each document to an index of its own value, made by the same body: its
	// name begins with Name and a dash, and SplitOf finds Name in its mapping.
	Split bool
	// Documents says how each document changes; nil means that sources, ids and routing pass through untouched.
	Documents *DocumentRules
}

// Change is one thing that a rule altered: New is empty when it was dropped.
type Change struct {
	Rule  string   `json:"rule"`
	Rows  []string `json:"rows,omitempty"`
	Where string   `json:"where"`
	Old   string   `json:"old,omitempty"`
	New   string   `json:"new,omitempty"`
	Why   string   `json:"why"`
}

// Severity says how much a finding weighs.
type Severity string

// The severities: a blocker stops the plan until a person decides.
const (
	Info    Severity = "info"
	Warning Severity = "warning"
	Blocker Severity = "blocker"
)

// Finding is what a person should know, or must decide.
type Finding struct {
	Rule     string   `json:"rule"`
	Severity Severity `json:"severity"`
	Where    string   `json:"where"`
	Message  string   `json:"message"`
	// Decide says what to do about it.
	Decide string `json:"decide,omitempty"`
}

// Index plans one index: what to create on the target, what changes on the way, and what a person must know.
func Index(in IndexInput, source, target es.Version, choices Choices) (IndexPlan, error) {
	if err := choices.Validate(); err != nil {
		return IndexPlan{}, fmt.Errorf("index %s: choices: %w", in.Name, err)
	}
	d, err := newDraft(in, source, target, choices)
	if err != nil {
		return IndexPlan{}, fmt.Errorf("index %s: %w", in.Name, err)
	}
	if err := d.applyRules(); err != nil {
		return IndexPlan{}, fmt.Errorf("index %s: %w", in.Name, err)
	}
	plan := IndexPlan{}
	for _, t := range d.targets() {
		documents, err := d.documentRules(t)
		if err != nil {
			return IndexPlan{}, fmt.Errorf("index %s: %w", in.Name, err)
		}
		plan.Targets = append(plan.Targets, TargetIndex{Name: t.name, Body: d.createBody(t), Types: t.sourceTypes(), Type: t.typeName(d.target), Split: d.choices.splits(d.in.Name), Documents: documents})
	}
	plan.Changes, plan.Findings = d.changes, d.findings
	return plan, nil
}

// targetIndex is one index on the target while it is being drafted.
type targetIndex struct {
	name string
	// types are the source's types in it; mapping is the one that holds for the target.
	types   []*docType
	mapping *object
	// mapped is the name of the type on a target that still has types.
	mapped string
	// joined says that several types share the index and its ids carry their type.
	joined bool
}

func (t *targetIndex) sourceTypes() []string {
	var names []string
	for _, docType := range t.types {
		if name := docType.sourceName(); name != "" {
			names = append(names, name)
		}
	}
	return names
}

func (t *targetIndex) typeName(target es.Version) string {
	if target.AtLeast(7, 0) || !target.AtLeast(6, 0) && len(t.types) > 1 {
		return ""
	}
	return t.mapped
}

// targets gives what single types were split into, or the one index that the source is.
func (d *draft) targets() []*targetIndex {
	if d.split != nil {
		return d.split
	}
	t := &targetIndex{name: d.name, types: d.types}
	if len(d.types) > 0 {
		t.mapping, t.mapped = d.types[0].mapping, d.types[0].name
	}
	if t.mapped == "" {
		t.mapped = typelessName
	}
	return []*targetIndex{t}
}

// typelessName is what a type is called on a target with types when the source has none.
const typelessName = "_doc"

func (d *draft) createBody(t *targetIndex) []byte {
	body := &object{}
	if d.settings.len() > 0 {
		body.set("settings", d.settings)
	}
	switch {
	case d.target.AtLeast(7, 0):
		if t.mapping.len() > 0 {
			body.set("mappings", t.mapping)
		}
	case d.target.AtLeast(6, 0):
		mapping := t.mapping
		if mapping == nil {
			mapping = &object{}
		}
		if len(t.types) > 0 {
			body.set("mappings", newObject(t.mapped, mapping))
		} else if d.defaults != nil {
			body.set("mappings", newObject(defaultType, d.defaults))
		}
	default:
		mappings := &object{}
		for _, docType := range orderParentsLast(t.types) {
			mappings.set(docType.name, docType.mapping)
		}
		if d.defaults != nil {
			mappings.set(defaultType, d.defaults)
		}
		if mappings.len() > 0 {
			body.set("mappings", mappings)
		}
	}
	if d.aliases.len() > 0 {
		body.set("aliases", d.aliases)
	}
	return appendValue(nil, body)
}

// orderParentsLast puts child types before their parents: a parent type may not exist before its child is declared.
func orderParentsLast(types []*docType) []*docType {
	var children, rest []*docType
	for _, docType := range types {
		if docType.mapping.has("_parent") {
			children = append(children, docType)
		} else {
			rest = append(rest, docType)
		}
	}
	return append(children, rest...)
}

// lowerName makes a text fit for the name of an index.
func lowerName(name string) string {
	name = strings.ToLower(name)
	name = strings.Map(func(r rune) rune {
		if strings.ContainsRune(" \"*\\<>|,/?#:", r) {
			return '_'
		}
		return r
	}, name)
	name = strings.TrimLeft(name, "-_+")
	if name == "" || name == "." || name == ".." {
		return "index"
	}
	return name
}
