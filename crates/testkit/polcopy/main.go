// polcopy copies an image as skopeo does, under a policy: it stands for podman, CRI-O and skopeo, which judge
// signatures with the same library, where a distribution has switched that off in its own packages.
//
//	polcopy POLICY.json REGISTRIES.D SRC DST
//
// ALL=1 copies every platform of an index. Exit 0 when the policy accepted, 1 with the reason on standard error.
package main

import (
	"context"
	"fmt"
	"os"

	"go.podman.io/image/v5/copy"
	"go.podman.io/image/v5/signature"
	"go.podman.io/image/v5/transports/alltransports"
	"go.podman.io/image/v5/types"
)

func run(policyFile, registries, from, to string) error {
	policy, err := signature.NewPolicyFromFile(policyFile)
	if err != nil {
		return err
	}
	judge, err := signature.NewPolicyContext(policy)
	if err != nil {
		return err
	}
	defer judge.Destroy()
	source, err := alltransports.ParseImageName(from)
	if err != nil {
		return err
	}
	target, err := alltransports.ParseImageName(to)
	if err != nil {
		return err
	}
	system := &types.SystemContext{
		RegistriesDirPath:           registries,
		DockerInsecureSkipTLSVerify: types.OptionalBoolTrue,
		OSChoice:                    "linux",
		ArchitectureChoice:          "amd64",
	}
	options := &copy.Options{SourceCtx: system, DestinationCtx: system, RemoveSignatures: true}
	if os.Getenv("ALL") != "" {
		options.ImageListSelection = copy.CopyAllImages
	}
	_, err = copy.Image(context.Background(), judge, target, source, options)
	return err
}

func main() {
	if len(os.Args) != 5 {
		fmt.Fprintln(os.Stderr, "usage: polcopy POLICY.json REGISTRIES.D SRC DST")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3], os.Args[4]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
