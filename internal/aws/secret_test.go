package aws_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/hikkoshi/hikkoshi/internal/aws"
)

func TestASecretShowsNowhere(t *testing.T) {
	t.Parallel()
	const hidden = "Zq7-must-never-show"
	secret := aws.NewSecret(hidden)
	key := aws.AccessKey{User: "u", ID: "AKID", Secret: secret}
	type unexported struct {
		inner aws.Secret
		list  []aws.AccessKey
	}
	for _, value := range []any{secret, &secret, key, &key, []aws.AccessKey{key}, map[string]aws.Secret{"k": secret}, unexported{secret, []aws.AccessKey{key}}} {
		texts := []string{shown(value)}
		if encoded, err := json.Marshal(value); err == nil {
			texts = append(texts, string(encoded))
		}
		if encoded, err := yaml.Marshal(value); err == nil {
			texts = append(texts, string(encoded))
		}
		var log bytes.Buffer
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "value", value)
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "value", value)
		texts = append(texts, log.String())
		for _, text := range texts {
			// The hexadecimal form is what %x would give.
			if strings.Contains(text, hidden) || strings.Contains(text, "5a71372d6d757374") {
				t.Errorf("%T shows it: %s", value, text)
			}
		}
	}
	if err := gob.NewEncoder(new(bytes.Buffer)).Encode(key); !errors.Is(err, aws.ErrSecretNotStored) {
		t.Errorf("gob stores it: %v", err)
	}
	if secret.Reveal() != hidden || secret.IsZero() || !(aws.Secret{}).IsZero() || (aws.Secret{}).Reveal() != "" {
		t.Error("it does not reveal")
	}
}
