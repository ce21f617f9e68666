package cutover

// diff.go answers: what does a person see of a change, and what must not be seen? Next: replace.go.

import (
	"regexp"

	"github.com/rogpeppe/go-internal/diff"
)

const masked = "********"

var (
	// secretValue finds the value behind a secret's name in the languages of all writers: `password x`,
	// `pwd="x"`, `password => "x"`, `HTTP_Passwd x`, `aws_secret_access_key: x`.
	secretValue = regexp.MustCompile(`(?i)((?:password|passwd|\bpwd|secret[a-z0-9_]*|api_?key|cloud_auth|shared_key|_pass|token|access_key_id|authorization)["']?(?:[ \t]*(?:=>|=|:)[ \t]*|[ \t]+))("(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[^\s,)}]+)`)
	// userInfo finds user:password@ in a URL.
	userInfo = regexp.MustCompile(`(://[^/\s:@"']*:)[^/\s@"']+@`)
)

// maskSecrets hides the values of secrets in a text for people. It hides too much rather than too little.
func maskSecrets(text string) string {
	text = secretValue.ReplaceAllString(text, "${1}"+masked)
	return userInfo.ReplaceAllString(text, "${1}"+masked+"@")
}

// unified is the masked unified diff of one file; empty when both texts are equal.
func unified(path, before, after string) string {
	// Masked after diffing, so that a line in which only the secret changes still shows as changed.
	return maskSecrets(string(diff.Diff(path, []byte(before), path, []byte(after))))
}
