package transform

// scripts.go answers: does a stored script or search template run on the target? Next: pipeline.go.

import (
	"fmt"
	"slices"

	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/internal/es"
)

// goneLanguages are languages of scripts that 6.0 removed.
var goneLanguages = []string{"groovy", "mvel", "javascript", "js", "python"}

// Script says why a stored script ({"lang","source"}) is left behind; "" when it goes along as it is.
func Script(body []byte, target es.Version) (left string) {
	lang := gjson.GetBytes(body, "lang").String()
	if target.AtLeast(6, 0) && slices.Contains(goneLanguages, lang) {
		return fmt.Sprintf("scripts in %s are gone since 6.0: write it in painless", lang)
	}
	return ""
}
