package main

// accesskey.go answers: how does a person get the key of the user that may pass the snapshot role?

import (
	"context"
	"fmt"

	"github.com/hikkoshi/hikkoshi/internal/steps"
)

type accessKeyCommand struct{ moveFlags }

// Run makes the key and writes it to standard output, once, in the form of the AWS credentials file. It is kept nowhere.
func (c *accessKeyCommand) Run(ctx context.Context, call *invocation) error {
	wanted, sides, err := c.open(call)
	if err != nil {
		return err
	}
	if err := confirm(call, "Make an access key for "+wanted.Repository.User+" and show it here?"); err != nil {
		return err
	}
	key, err := steps.AccessKey(ctx, wanted, sides)
	if err != nil {
		return err
	}
	call.View.Print(fmt.Sprintf("[%s]\naws_access_key_id = %s\naws_secret_access_key = %s", key.User, key.ID, key.Secret.Reveal()))
	return call.View.Result(map[string]string{"user": key.User, "aws_access_key_id": key.ID, "aws_secret_access_key": key.Secret.Reveal()})
}
