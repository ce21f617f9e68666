package plan

// altered.go answers: what do the rules drop and change, told once for all the indices that it happens to? Next: plan.go.

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/hikkoshi/hikkoshi/internal/transform"
)

// Alteration is what one rule does, for one reason, in any number of indices and templates.
type Alteration struct {
	// What is dropped, as its place and name; empty for a change, of which there are too many to name.
	What string
	// Values are those that were dropped.
	Values []string
	Why    string
	// Places counts settings, fields and the like, In names the indices and templates.
	Places int
	In     []string
}

// Altered gives what the rules drop, each setting and parameter by name, and what they change, by reason.
func (p *Plan) Altered() (dropped, changed []Alteration) {
	drops, changes := alterations{}, alterations{}
	note := func(in string, list []transform.Change) {
		for _, change := range list {
			if change.New != "" {
				changes.add("", "", change.Why, in)
				continue
			}
			for what, value := range parts(change) {
				drops.add(what, value, change.Why, in)
			}
		}
	}
	for _, route := range p.Routes {
		note(route.Source, route.Changes)
	}
	for _, thing := range p.Things {
		note(thing.ID(), thing.Changes)
	}
	return drops.sorted(), changes.sorted()
}

// parts takes what was dropped apart by name. A type's name is no part of the place: it says nothing of the setting.
func parts(change transform.Change) map[string]string {
	place := change.Where
	if fields := strings.Fields(place); len(fields) > 1 && fields[0] == "mapping" {
		place = strings.Join(append([]string{"mapping"}, fields[2:]...), " ")
	}
	var object map[string]json.RawMessage
	if json.Unmarshal([]byte(change.Old), &object) != nil {
		return map[string]string{place: change.Old} // one value, or more than a change shows
	}
	named := map[string]string{}
	for name, value := range object {
		named[strings.TrimPrefix(place+" "+name, "settings ")] = string(value)
	}
	return named
}

type reason struct{ what, why string }

type alterations map[reason]*Alteration

func (a alterations) add(what, value, why, in string) {
	one := a[reason{what, why}]
	if one == nil {
		one = &Alteration{What: what, Why: why}
		a[reason{what, why}] = one
	}
	one.Places++
	if value != "" && !slices.Contains(one.Values, value) {
		one.Values = append(one.Values, value)
	}
	if !slices.Contains(one.In, in) {
		one.In = append(one.In, in)
	}
}

func (a alterations) sorted() []Alteration {
	list := make([]Alteration, 0, len(a))
	for _, one := range a {
		slices.Sort(one.Values)
		list = append(list, *one)
	}
	slices.SortFunc(list, func(x, y Alteration) int {
		if order := strings.Compare(x.What, y.What); order != 0 {
			return order
		}
		return strings.Compare(x.Why, y.Why)
	})
	return list
}
