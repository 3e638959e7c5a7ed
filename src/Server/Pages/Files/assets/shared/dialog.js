/** Shows a dialog until it is closed, and takes it out again; returns the value of the button that closed it, or ''. */
export function show(dialog) {
    const before = document.activeElement;
    return new Promise(resolve => {
        dialog.addEventListener('close', () => {
            dialog.remove();
            // The browser gives the focus back, but not the cursor when that was in the dialog: what is typed then goes nowhere.
            before?.blur();
            before?.focus();
            resolve(dialog.returnValue);
        });
        document.body.append(dialog);
        dialog.showModal();
    });
}
