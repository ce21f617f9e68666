package transform

// template.go answers: what must a legacy index template say so that the target takes it?

import (
	"fmt"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"github.com/hikkoshi/hikkoshi/internal/es"
)

// LegacyTemplate rewrites the body of GET _template/NAME for the target. Notes say in words what was changed.
func LegacyTemplate(body []byte, target es.Version) ([]byte, []string, error) {
	if !gjson.ValidBytes(body) {
		return nil, nil, fmt.Errorf("its body is no JSON")
	}
	var notes []string
	pattern := gjson.GetBytes(body, "template")
	if target.AtLeast(6, 0) && pattern.Exists() { // CHANGES 3-12
		var err error
		if body, err = sjson.DeleteBytes(body, "template"); err != nil {
			return nil, nil, err
		}
		if body, err = sjson.SetBytes(body, "index_patterns", []string{pattern.String()}); err != nil {
			return nil, nil, err
		}
		notes = append(notes, "its key template becomes index_patterns")
	}
	return body, notes, nil
}
