package plan

// both_sides.go answers: what does each index, template and pipeline look like on the source, and what will the target get?
// Next: things.go.

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path"
	"strings"

	"github.com/hikkoshi/hikkoshi/internal/migration"
	"github.com/hikkoshi/hikkoshi/internal/transform"
)

// BothSides is one thing before and after.
type BothSides struct {
	Kind string `json:"kind"` // "index", or a ThingKind
	Name string `json:"name"`
	// Becomes is its name on the target; empty when it stays behind, for the reason in Left.
	Becomes string `json:"becomes,omitempty"`
	Left    string `json:"left,omitempty"`
	// Note says what the documents themselves don't.
	Note   string          `json:"note,omitempty"`
	Source json.RawMessage `json:"source,omitempty"`
	Target json.RawMessage `json:"target,omitempty"`
}

// ShowBothSides lists the indices and things whose names match a pattern; all when it is empty.
func ShowBothSides(facts *Facts, wanted *migration.Migration, pattern string) ([]BothSides, error) {
	matches := func(name string) bool {
		matched, err := path.Match(pattern, name)
		return pattern == "" || err == nil && matched
	}
	if _, err := path.Match(pattern, ""); err != nil {
		return nil, fmt.Errorf("the pattern %q: %w", pattern, err)
	}
	var all []BothSides
	seen := map[string]bool{}
	for _, route := range Routes(facts, wanted) {
		if !matches(route.Source) || seen[route.Source] {
			continue
		}
		seen[route.Source] = true
		index, _ := facts.Source.Index(route.Source)
		sides, err := sidesOfIndex(index, route, facts, wanted)
		if err != nil {
			return nil, err
		}
		all = append(all, sides...)
	}
	for _, thing := range facts.Things(wanted) {
		if matches(thing.Name) {
			one := BothSides{Kind: string(thing.Kind), Name: thing.Name, Becomes: thing.Name, Left: thing.Left, Source: thing.Before, Target: thing.After}
			if thing.Left != "" {
				one.Becomes = ""
			} else if thing.Becomes != thing.Kind {
				one.Note = "becomes " + string(thing.Becomes)
			}
			all = append(all, one)
		}
	}
	return all, nil
}

func sidesOfIndex(index Index, route Route, facts *Facts, wanted *migration.Migration) ([]BothSides, error) {
	one := BothSides{Kind: "index", Name: index.Name, Becomes: route.Target, Source: bodyOf(index, index.Mappings)}
	aliases, err := transform.Aliases(transform.IndexInput{Name: index.Name, Created: index.Created, Aliases: index.AliasBodies}, facts.Source.Version, facts.Target.Version)
	if err != nil {
		return nil, err
	}
	switch {
	case route.Kind == Skip:
		one.Becomes, one.Left = "", route.Reason
		return []BothSides{one}, nil
	case route.Kind == Kibana:
		one.Note, one.Source = "its objects are rewritten one by one", nil
		return []BothSides{one}, nil
	case route.Kind == Restore:
		one.Note = "restored: the target changes settings and mappings by itself where it must; only aliases are written anew"
		index.AliasBodies = aliases.Aliases
		one.Target = bodyOf(index, index.Mappings)
		return []BothSides{one}, nil
	}
	made, err := becomes(index, route.Target, facts, wanted)
	if err != nil {
		return nil, err
	}
	var all []BothSides
	for _, target := range made.Targets {
		single := one
		single.Becomes, single.Target = target.Name, withAliasBodies(target.Body, aliases.Aliases)
		if target.Split {
			single.Note = "and each index " + target.Name + "-VALUE like it"
		}
		if len(target.Types) == 1 {
			var types map[string]json.RawMessage
			if json.Unmarshal(index.Mappings, &types) == nil && types[target.Types[0]] != nil {
				single.Source = bodyOf(index, types[target.Types[0]])
				single.Note = strings.TrimPrefix(single.Note+"; its type "+target.Types[0], "; ")
				single.Target = withoutType(single.Target, target.Type)
			}
		}
		all = append(all, single)
	}
	return all, nil
}

func bodyOf(index Index, mappings json.RawMessage) json.RawMessage {
	body := map[string]any{"settings": index.Settings}
	if len(mappings) > 0 {
		body["mappings"] = mappings
	}
	if len(index.AliasBodies) > 0 {
		body["aliases"] = index.AliasBodies
	}
	encoded, err := json.Marshal(body)
	if err != nil {
		return nil // what a server sent is JSON
	}
	return encoded
}

func withAliasBodies(body []byte, aliases map[string]json.RawMessage) json.RawMessage {
	var parts map[string]any
	if len(aliases) == 0 || json.Unmarshal(body, &parts) != nil {
		return body
	}
	parts["aliases"] = aliases
	encoded, err := json.Marshal(parts)
	if err != nil {
		return body
	}
	return encoded
}

// withoutType takes the mapping out of its type on a target that has types, so that both sides show the same depth.
func withoutType(body json.RawMessage, docType string) json.RawMessage {
	var parts map[string]json.RawMessage
	var types map[string]json.RawMessage
	if docType == "" || json.Unmarshal(body, &parts) != nil || json.Unmarshal(parts["mappings"], &types) != nil || types[docType] == nil {
		return body
	}
	parts["mappings"] = types[docType]
	encoded, err := json.Marshal(parts)
	if err != nil {
		return body
	}
	return encoded
}

// Lines is a body in lines, its keys in order, so that both sides can be compared line by line.
func Lines(body json.RawMessage) []byte {
	if len(body) == 0 {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var parsed any
	if decoder.Decode(&parsed) != nil {
		return append(bytes.Clone(body), '\n')
	}
	var lines bytes.Buffer
	encoder := json.NewEncoder(&lines)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if encoder.Encode(parsed) != nil {
		return append(bytes.Clone(body), '\n')
	}
	return lines.Bytes()
}
