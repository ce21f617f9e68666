package transform

// document_user.go answers: what do the rules of migration.yaml do to one document? Next: fields.go, expression.go.

import (
	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/internal/es"
)

// user applies one rule of migration.yaml; original is the document as the source has it. begun says that the rule's first
// pass has been made or, where it has none, the walk of its expression.
func (r *DocumentRules) user(scratch *Scratch, u *userDocument, doc, original *es.Document, begun bool) (Action, string, error) {
	if u.keep != nil {
		kept, reason, err := u.keep.holds(scratch, doc, original, r.index)
		if err != nil || reason != "" {
			return Quarantine, reason, err
		}
		if !kept {
			return LeaveOut, "", nil
		}
	}
	action, left := Keep, u.passes
	if begun && len(left) > 0 {
		left = left[1:]
	}
	for _, p := range left {
		changed, err := scratch.rewrite(doc, p)
		if err != nil {
			return unreadable(err)
		}
		if changed {
			action = Changed
		}
	}
	if u.expression != nil {
		changed, reason, err := u.expression.apply(scratch, doc, original, r.index, begun && len(u.passes) == 0)
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
