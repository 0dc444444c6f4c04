/// What stands for the scheduler in SageMaker's notebook jobs: runs `SM_INPUT_NOTEBOOK_NAME` with papermill where the image's
/// environment has it, else with nbconvert's executor, and leaves the executed notebook among the job's outputs.
enum NotebookProgram {
    /// What a step's entry point names.
    static let entryPoint = "amazon_sagemaker_scheduler"
    static let packages = ["papermill", "ipykernel", "numpy", "pandas", "scikit-learn", "scipy", "joblib"]

    static let source = #"""
        import json, os, shutil, subprocess, sys

        top = os.environ.get("SFN_ML", "/opt/ml")
        env = os.environ.get
        folder = env("SM_EXECUTION_INPUT_PATH", top + "/input/data/sagemaker_headless_execution_pipelinestep")
        name = env("SM_INPUT_NOTEBOOK_NAME")
        target = os.path.join(top, "output/data")
        kernel = env("SM_KERNEL_NAME", "python3")


        def fail(message):
            with open(top + "/output/failure", "w") as out:
                out.write(message)
            sys.exit(message)


        if not name or not os.path.isfile(os.path.join(folder, name)):
            fail("ClientError: the notebook %s is not among the job's inputs" % name)
        os.makedirs(target, exist_ok=True)
        # A hyperparameter is a parameter of the notebook, and always a text.
        path = top + "/input/config/hyperparameters.json"
        parameters = {key: str(value) for key, value in (json.load(open(path)) if os.path.exists(path) else {}).items() if not key.startswith("sagemaker_")}
        script = env("SM_INIT_SCRIPT")
        if script and os.path.isfile(os.path.join(folder, script)):
            done = subprocess.run(["/bin/bash", script], cwd=folder)
            if done.returncode != 0:
                fail("AlgorithmError: the initialization script %s failed, exit code: %d" % (script, done.returncode))
        requirements = os.path.join(folder, "requirements.txt")
        if os.path.isfile(requirements):
            subprocess.check_call([sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "-q", "-r", requirements])
        output = os.path.join(target, env("SM_OUTPUT_NOTEBOOK_NAME") or name)


        def with_papermill():
            import papermill
            book = json.load(open(os.path.join(folder, name)))
            if kernel.startswith("python"):
                # papermill refuses a notebook that does not say its language, as one that was never run may not.
                book.setdefault("metadata", {}).setdefault("language_info", {}).setdefault("name", "python")
            prepared = output + ".part"
            with open(prepared, "w") as out:
                json.dump(book, out)
            try:
                papermill.execute_notebook(prepared, output, parameters=parameters, kernel_name=kernel, cwd=folder,
                                           progress_bar=False, log_output=False, stdout_file=sys.stdout, stderr_file=sys.stderr)
            except papermill.PapermillExecutionError as error:
                return "%s: %s (cell %s)" % (error.ename, error.evalue, error.cell_index)
            finally:
                os.remove(prepared)


        def with_nbconvert():
            import nbformat
            from nbconvert.preprocessors import CellExecutionError, ExecutePreprocessor
            notebook = nbformat.read(os.path.join(folder, name), as_version=4)
            lines = "\n".join("%s = %r" % pair for pair in parameters.items())
            places = [i for i, cell in enumerate(notebook.cells) if "parameters" in cell.get("metadata", {}).get("tags", [])]
            if lines:
                cell = nbformat.v4.new_code_cell("# Parameters\n" + lines, metadata={"tags": ["injected-parameters"]})
                notebook.cells.insert(places[0] + 1 if places else 0, cell)
            trouble = None
            try:
                ExecutePreprocessor(timeout=None, kernel_name=kernel).preprocess(notebook, {"metadata": {"path": folder}})
            except CellExecutionError as error:
                trouble = "%s: %s" % (error.ename, error.evalue)
            for cell in notebook.cells:
                for piece in cell.get("outputs", []):
                    if piece.get("output_type") == "stream":
                        sys.stdout.write(piece["text"])
            nbformat.write(notebook, output)
            return trouble


        try:
            trouble = with_papermill()
        except ImportError:
            try:
                trouble = with_nbconvert()
            except ImportError:
                fail("ClientError: neither papermill nor nbconvert is in the environment of the notebook's image")
        # What the notebook wrote beside itself is kept with it.
        shutil.copytree(folder, target, dirs_exist_ok=True, ignore=lambda where, names: [n for n in names if n == name and where == folder])
        if trouble:
            fail("AlgorithmError: %s, in the notebook %s" % (trouble, name))
        """#
}
