package transform

// document_user.go answers: what do the rules of migration.yaml do to one document? Next: fields.go.

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/expr-lang/expr"
	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/internal/es"
)

// user applies one rule of migration.yaml. begun says that its first pass has been made.
func (r *DocumentRules) user(scratch *Scratch, u *userDocument, doc *es.Document, begun bool) (Action, string, error) {
	action, left := Keep, u.passes
	if begun && len(left) > 0 {
		left = left[1:]
	}
	for _, p := range left {
		changed, _, err := scratch.rewrite(doc, &noRules, &noTraits, nil, p)
		if err != nil {
			return unreadable(err)
		}
		if changed {
			action = Changed
		}
	}
	if u.program != nil {
		changed, reason, err := r.express(scratch, u, doc)
		if err != nil || reason != "" {
			return Quarantine, reason, err
		}
		if changed {
			action = Changed
		}
	}
	if u.split != "" {
		value := gjson.GetBytes(doc.Source, sjsonPath(u.split))
		if !value.Exists() || value.IsObject() || value.IsArray() {
			return Quarantine, "it has no single value in " + u.split + " to be split by", nil
		}
		doc.Index, action = lowerName(r.index+"-"+value.String()), Changed
	}
	return action, "", nil
}

// express runs an expression. Only what it returns is written: numbers elsewhere keep their literals.
func (r *DocumentRules) express(scratch *Scratch, u *userDocument, doc *es.Document) (changed bool, reason string, err error) {
	fields, ok := gjson.ParseBytes(doc.Source).Value().(map[string]any)
	if !ok {
		return false, "its source is no object", nil
	}
	result, err := expr.Run(u.program, expressionInput{Doc: fields, ID: doc.ID, Type: doc.Type, Routing: doc.Routing, Index: r.index})
	if err != nil {
		return false, "the expression can't be computed for it: " + err.Error(), nil
	}
	switch result := result.(type) {
	case nil:
		return false, "", nil
	case bool:
		if !result {
			return false, "the expression is false for it", nil
		}
		return false, "", nil
	case map[string]any:
		return mergeGiven(scratch, doc, result)
	}
	return false, fmt.Sprintf("the expression gives neither true, false nor a map, but %T", result), nil
}

// mergeGiven writes what an expression gave.
func mergeGiven(scratch *Scratch, doc *es.Document, given map[string]any) (changed bool, reason string, err error) {
	var list []fieldChange
	for _, name := range sortedKeys(given) {
		var encoded bytes.Buffer
		encoder := json.NewEncoder(&encoded)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(given[name]); err != nil {
			return false, "the expression's " + name + " can't be written: " + err.Error(), nil
		}
		list = append(list, fieldChange{path: name, set: string(bytes.TrimSpace(encoded.Bytes()))})
	}
	for _, p := range passes(list) {
		one, _, err := scratch.rewrite(doc, &noRules, &noTraits, nil, p)
		if err != nil {
			_, reason, err := unreadable(err)
			return false, reason, err
		}
		changed = changed || one
	}
	return changed, "", nil
}

// sjsonPath escapes what means something else in a path of gjson; dots stay steps.
func sjsonPath(name string) string {
	out := make([]byte, 0, len(name))
	for i := range len(name) {
		switch name[i] {
		case '*', '?', '|', '#', '@', ':', '\\', '!', '{', '}', '[', ']', '(', ')', '=', '<', '>', '%', '"':
			out = append(out, '\\')
		}
		out = append(out, name[i])
	}
	return string(out)
}
