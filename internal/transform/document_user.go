package transform

// document_user.go answers: what do the rules of migration.yaml do to one document? Next: json_edit.go.

import (
	"fmt"

	"github.com/expr-lang/expr"
	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"github.com/hikkoshi/hikkoshi/internal/es"
)

// user applies one rule of migration.yaml: by gjson and sjson, which work on bytes.
func (r *DocumentRules) user(u *userDocument, doc *es.Document) (Action, string, error) {
	source, changed := []byte(doc.Source), false
	var err error
	for _, from := range sortedKeys(u.rule.Rename) {
		value := gjson.GetBytes(source, sjsonPath(from))
		if !value.Exists() {
			continue
		}
		to := sjsonPath(u.rule.Rename[from])
		if gjson.GetBytes(source, to).Exists() {
			return Quarantine, "it has both " + from + " and " + u.rule.Rename[from], nil
		}
		raw := value.Raw
		if source, err = sjson.DeleteBytes(source, sjsonPath(from)); err == nil {
			source, err = sjson.SetRawBytes(source, to, []byte(raw))
		}
		if err != nil {
			return Quarantine, "rename " + from + ": " + err.Error(), nil
		}
		changed = true
	}
	for _, name := range u.rule.Drop {
		if gjson.GetBytes(source, sjsonPath(name)).Exists() {
			if source, err = sjson.DeleteBytes(source, sjsonPath(name)); err != nil {
				return Quarantine, "drop " + name + ": " + err.Error(), nil
			}
			changed = true
		}
	}
	for _, set := range u.sets {
		if source, err = sjson.SetRawBytes(source, set.path, []byte(set.raw)); err != nil {
			return Quarantine, "set " + set.path + ": " + err.Error(), nil
		}
		changed = true
	}
	if u.program != nil {
		var reason string
		var expressed bool
		if source, expressed, reason, err = r.express(u, doc, source); err != nil || reason != "" {
			return Quarantine, reason, err
		}
		changed = changed || expressed
	}
	if u.rule.Split != "" {
		value := gjson.GetBytes(source, sjsonPath(u.rule.Split))
		if !value.Exists() || value.IsObject() || value.IsArray() {
			return Quarantine, "it has no single value in " + u.rule.Split + " to be split by", nil
		}
		doc.Index, changed = lowerName(r.index+"-"+value.String()), true
	}
	if !changed {
		return Keep, "", nil
	}
	doc.Source = source
	return Changed, "", nil
}

// express runs an expression. Only what it returns is written: numbers elsewhere keep their literals.
func (r *DocumentRules) express(u *userDocument, doc *es.Document, source []byte) ([]byte, bool, string, error) {
	fields, ok := gjson.ParseBytes(source).Value().(map[string]any)
	if !ok {
		return source, false, "its source is no object", nil
	}
	result, err := expr.Run(u.program, expressionInput{Doc: fields, ID: doc.ID, Type: doc.Type, Routing: doc.Routing, Index: r.index})
	if err != nil {
		return source, false, "the expression can't be computed for it: " + err.Error(), nil
	}
	switch result := result.(type) {
	case nil:
		return source, false, "", nil
	case bool:
		if !result {
			return source, false, "the expression is false for it", nil
		}
		return source, false, "", nil
	case map[string]any:
		for _, name := range sortedKeys(result) {
			if source, err = sjson.SetBytes(source, sjsonPath(name), result[name]); err != nil {
				return source, false, "the expression's " + name + " can't be written: " + err.Error(), nil
			}
		}
		return source, len(result) > 0, "", nil
	}
	return source, false, fmt.Sprintf("the expression gives neither true, false nor a map, but %T", result), nil
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
