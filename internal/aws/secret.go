package aws

// secret.go answers: how does a secret travel through the program without ever being printed?

import (
	"errors"
	"fmt"
	"log/slog"
)

// redacted stands wherever a secret would have been printed.
const redacted = "[secret]"

// ErrSecretNotStored says that a secret was about to be written down as data.
var ErrSecretNotStored = errors.New("a secret is not written into files")

// Secret is a text that no log, error, journal or format verb shows. Only Reveal gives it. The text sits in a closure,
// since fmt and other printers reach through unexported fields without asking their methods.
type Secret struct{ reveal func() string }

// NewSecret hides a text.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{reveal: func() string { return text }}
}

// Reveal gives the text; call it only where the text goes to the person or service it is for.
func (s Secret) Reveal() string {
	if s.reveal == nil {
		return ""
	}
	return s.reveal()
}

// IsZero says that there is no secret.
func (s Secret) IsZero() bool { return s.reveal == nil }

// String never shows the text.
func (s Secret) String() string { return redacted }

// Format covers every verb, %#v and %x included.
func (s Secret) Format(state fmt.State, _ rune) { fmt.Fprint(state, redacted) }

// LogValue covers slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalJSON covers JSON, and with it the journal and saved plans.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// MarshalText covers YAML and every other text encoder.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// GobEncode refuses: what cannot be read back must not be stored.
func (s Secret) GobEncode() ([]byte, error) { return nil, ErrSecretNotStored }
