package transform

// choices.go answers: what may a person decide about the transforms? Next: userrules.go.

import (
	"fmt"
	"slices"
	"strings"
)

// Choices are a person's decisions; the zero value is the safe default of each.
type Choices struct {
	// Types says what becomes of several types in one index from 6.0 on: "split" into an index each (default), or "join" in
	// one index with a field that holds the type.
	Types string `yaml:"types,omitempty"`
	// TypeField is the field that holds the type in a joined index; "doc_type" by default.
	TypeField string `yaml:"type_field,omitempty"`
	// JoinField is the field that replaces _parent; "join" by default.
	JoinField string `yaml:"join_field,omitempty"`
	// IDs says what ids become where types share an index: "prefix" makes type#id of all (default), "keep" leaves them, for
	// indices in which no two types have an id in common.
	IDs string `yaml:"ids,omitempty"`
	// LongIDs says what becomes of ids over 512 bytes: "quarantine" (default), or "hash" with the old id in LongIDField.
	LongIDs string `yaml:"long_ids,omitempty"`
	// LongIDField is where an id that was hashed goes; "original_id" by default.
	LongIDField string `yaml:"long_id_field,omitempty"`
	// TimestampField holds what was _timestamp; "timestamp_migrated" by default.
	TimestampField string `yaml:"timestamp_field,omitempty"`
	// ExpiryField holds the time at which _ttl would have deleted the document; "expire_at" by default.
	ExpiryField string `yaml:"expiry_field,omitempty"`
	// AllField is a field that gathers what _all held, from 6.0 on; none by default.
	AllField string `yaml:"all_field,omitempty"`
	// Dots replaces the dots in field names on a 2.x target; "_" by default.
	Dots string `yaml:"dots,omitempty"`
	// Reserved is put before field names that the target keeps to itself; "migrated" by default, so that _id becomes migrated_id.
	Reserved string `yaml:"reserved_prefix,omitempty"`
	// KeepAllocation copies the index's allocation filters, for a target whose nodes carry the same attributes.
	KeepAllocation bool `yaml:"keep_allocation,omitempty"`
	// Files says where the files of analyses lie on the target, by where they lie on the source: analysis/synonyms.txt to
	// analyzers/F123456789 on AWS, or to itself when the person has put it in the same place.
	Files map[string]string `yaml:"files,omitempty"`
	// Templates says what becomes of legacy templates where the target has composable ones: "keep" (default before
	// Elasticsearch 8) or "composable" (default there, where legacy ones are on their way out).
	Templates string `yaml:"templates,omitempty"`
	// Names renames indices: old name to new.
	Names map[string]string `yaml:"names,omitempty"`
	// Rules are the person's own.
	Rules []UserRule `yaml:"rules,omitempty"`
}

// The words that Choices know.
const (
	typesSplit    = "split"
	typesJoin     = "join"
	idsKeep       = "keep"
	idsPrefix     = "prefix"
	longIDsHash   = "hash"
	longIDsRefuse = "quarantine"
	// TemplatesKeep and TemplatesComposable are the words of Templates.
	TemplatesKeep       = "keep"
	TemplatesComposable = "composable"
)

// Validate says which words of the choices mean nothing, and what is wrong with a rule.
func (c Choices) Validate() error {
	for _, word := range []struct {
		key, chosen string
		known       []string
	}{{"types", c.Types, []string{typesSplit, typesJoin}}, {"ids", c.IDs, []string{idsPrefix, idsKeep}}, {"long_ids", c.LongIDs, []string{longIDsRefuse, longIDsHash}},
		{"templates", c.Templates, []string{TemplatesKeep, TemplatesComposable}}} {
		if word.chosen != "" && !slices.Contains(word.known, word.chosen) {
			return fmt.Errorf("%s: %q is none of %s", word.key, word.chosen, strings.Join(word.known, ", "))
		}
	}
	for i, rule := range c.Rules {
		if err := rule.Validate(); err != nil {
			return fmt.Errorf("rule %d: %w", i+1, err)
		}
	}
	return nil
}

func or(chosen, fallback string) string {
	if chosen == "" {
		return fallback
	}
	return chosen
}

func (c Choices) typeField() string      { return or(c.TypeField, "doc_type") }
func (c Choices) longIDField() string    { return or(c.LongIDField, "original_id") }
func (c Choices) timestampField() string { return or(c.TimestampField, "timestamp_migrated") }
func (c Choices) expiryField() string    { return or(c.ExpiryField, "expire_at") }
func (c Choices) dots() string           { return or(c.Dots, "_") }
func (c Choices) reserved() string       { return or(c.Reserved, "migrated") }
